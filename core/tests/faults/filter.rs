//! A filter that refuses system calls (seccomp(2)).

/// Which calls of one number are refused, by one of their arguments.
enum Which {
    All,
    /// With any of these bits.
    Any(usize, u32),
    /// With none of these bits.
    None(usize, u32),
    Equal(usize, u32),
}

use Which::{All, Any, Equal, None as NoneOf};

/// A name, the number of the call, and the error that it gets.
const REFUSALS: &[(&str, libc::c_long, Which, i32)] = &[
    ("clone-pidfd", libc::SYS_clone, Any(0, libc::CLONE_PIDFD as u32), libc::EINVAL),
    // Not of threads: as qemu-user does.
    ("exit-signal-0", libc::SYS_clone, NoneOf(0, libc::CLONE_VM as u32 | 0xff), libc::EINVAL),
    ("clone", libc::SYS_clone, NoneOf(0, libc::CLONE_VM as u32), libc::EINVAL),
    ("pidfd-open", libc::SYS_pidfd_open, All, libc::ENOSYS),
    ("pidfd-send-signal", libc::SYS_pidfd_send_signal, All, libc::EPERM),
    ("waitid-pidfd", libc::SYS_waitid, Equal(0, libc::P_PIDFD), libc::EINVAL),
    ("close-range", libc::SYS_close_range, All, libc::ENOSYS),
];

/// Has the system refuse the calls of these names, joined by `+`, to this thread and those that it starts.
pub(crate) fn refuse(names: &str) {
    let op = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: usize| op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset as u32, 0, 0);
    let argument = |index: usize| load(std::mem::offset_of!(libc::seccomp_data, args) + 8 * index);
    let jump = |test: u32, k: u32, jt: u8, jf: u8| op(libc::BPF_JMP | test | libc::BPF_K, k, jt, jf);
    let end = |action: u32| op(libc::BPF_RET | libc::BPF_K, action, 0, 0);
    let mut program = Vec::new();
    for name in names.split('+') {
        let (_, call, which, errno) = REFUSALS.iter().find(|refusal| refusal.0 == name).expect(name);
        let condition = match *which {
            All => vec![],
            Any(index, bits) => vec![argument(index), jump(libc::BPF_JSET, bits, 0, 1)],
            NoneOf(index, bits) => vec![argument(index), jump(libc::BPF_JSET, bits, 1, 0)],
            Equal(index, value) => vec![argument(index), jump(libc::BPF_JEQ, value, 0, 1)],
        };
        program.push(load(std::mem::offset_of!(libc::seccomp_data, nr)));
        program.push(jump(libc::BPF_JEQ, *call as u32, 0, condition.len() as u8 + 1));
        program.extend(condition);
        program.push(end(libc::SECCOMP_RET_ERRNO | *errno as u32));
    }
    program.push(end(libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, which lives until the calls return.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter), 0);
    }
}
