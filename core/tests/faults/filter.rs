//! A filter that refuses system calls (seccomp(2)).

use std::ffi::c_int;

/// A condition on an argument of a call, by its index.
enum Condition {
    /// Some of these bits are set.
    Any(usize, c_int),
    /// None of these bits is set.
    NoneOf(usize, c_int),
    Equal(usize, c_int),
}

use Condition::{Any, Equal, NoneOf};

/// A name, the number of the call, the conditions that all hold if it is refused, and the error that it gets.
type Refusal = (&'static str, libc::c_long, &'static [Condition], c_int);

const REFUSALS: &[Refusal] = &[
    ("clone-pidfd", libc::SYS_clone, &[Any(0, libc::CLONE_PIDFD)], libc::EINVAL),
    // As qemu-user does; threads have CLONE_VM.
    ("exit-signal-0", libc::SYS_clone, &[NoneOf(0, libc::CLONE_VM | 0xff)], libc::EINVAL),
    ("clone", libc::SYS_clone, &[NoneOf(0, libc::CLONE_VM)], libc::EINVAL),
    ("pidfd-open", libc::SYS_pidfd_open, &[], libc::ENOSYS),
    ("pidfd-send-signal", libc::SYS_pidfd_send_signal, &[], libc::EPERM),
    ("waitid-pidfd", libc::SYS_waitid, &[Equal(0, libc::P_PIDFD as c_int)], libc::EINVAL),
    ("close-range", libc::SYS_close_range, &[], libc::ENOSYS),
    (
        "orig-dst",
        libc::SYS_setsockopt,
        &[Equal(1, libc::IPPROTO_IP), Equal(2, libc::IP_RECVORIGDSTADDR)],
        libc::ENOPROTOOPT,
    ),
    (
        "recverr",
        libc::SYS_setsockopt,
        &[Equal(1, libc::IPPROTO_IP), Equal(2, libc::IP_RECVERR)],
        libc::ENOPROTOOPT,
    ),
    (
        "orig-dst-6",
        libc::SYS_setsockopt,
        &[Equal(1, libc::IPPROTO_IPV6), Equal(2, libc::IPV6_RECVORIGDSTADDR)],
        libc::ENOPROTOOPT,
    ),
    (
        "recverr-6",
        libc::SYS_setsockopt,
        &[Equal(1, libc::IPPROTO_IPV6), Equal(2, libc::IPV6_RECVERR)],
        libc::ENOPROTOOPT,
    ),
];

/// Has the system refuse the calls of these names, joined by `+`, to this thread and those that it starts.
pub(crate) fn refuse(names: &str) {
    let op = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: usize| op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset as u32, 0, 0);
    // The lower half of the argument.
    let argument = |index: usize| load(std::mem::offset_of!(libc::seccomp_data, args) + 8 * index);
    let jump = |test: u32, k: c_int, jt: u8, jf: u8| {
        op(libc::BPF_JMP | test | libc::BPF_K, k.cast_unsigned(), jt, jf)
    };
    let end = |action: u32| op(libc::BPF_RET | libc::BPF_K, action, 0, 0);
    let mut program = Vec::new();
    for name in names.split('+') {
        let (_, call, conditions, errno) = REFUSALS.iter().find(|refusal| refusal.0 == name).expect(name);
        // The number of instructions to the next name's: two for each condition, and the end.
        let mut rest = 2 * conditions.len() as u8 + 1;
        program.push(load(std::mem::offset_of!(libc::seccomp_data, nr)));
        program.push(jump(libc::BPF_JEQ, *call as c_int, 0, rest));
        for condition in *conditions {
            rest -= 2;
            let (index, test) = match *condition {
                Any(index, bits) => (index, jump(libc::BPF_JSET, bits, 0, rest)),
                NoneOf(index, bits) => (index, jump(libc::BPF_JSET, bits, rest, 0)),
                Equal(index, value) => (index, jump(libc::BPF_JEQ, value, 0, rest)),
            };
            program.extend([argument(index), test]);
        }
        program.push(end(libc::SECCOMP_RET_ERRNO | errno.cast_unsigned()));
    }
    program.push(end(libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, which lives until the calls return.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter), 0);
    }
}
