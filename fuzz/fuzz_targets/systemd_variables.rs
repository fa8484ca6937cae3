//! What systemd passes by LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES: any texts are sockets for this process, none for it, or
//! refused, and nothing is made up.
#![no_main]

use capsock::fuzzing::systemd_variables;

type Variables<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, i32);

/// A number as both variables have it.
fn number(text: &str) -> Option<i32> {
    text.parse().ok().filter(|number| *number >= 0)
}

libfuzzer_sys::fuzz_target!(|input: Variables<'_>| {
    let (pid, fds, list, own) = input;
    let names = systemd_variables(pid, fds, list, own);
    let (Some(pid), Some(fds)) = (pid, fds) else {
        return assert_eq!(names, Some(Vec::new()), "both variables or none");
    };
    match (number(pid), number(fds)) {
        (None, _) => assert_eq!(names, None, "no process"),
        (Some(process), _) if process != own => assert_eq!(names, Some(Vec::new()), "for another process"),
        (Some(_), None) => assert_eq!(names, None, "no number of descriptors"),
        (Some(_), Some(count)) => {
            let Some(names) = names else { return };
            assert_eq!(names.len(), count as usize);
            if let Some(list) = list.filter(|list| !list.is_empty()) {
                assert_eq!(names.join(":"), list);
            }
        }
    }
});
