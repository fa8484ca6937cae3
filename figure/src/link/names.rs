//! Names programs and sockets.

use std::collections::HashMap;

use super::super::Model;

/// Names the sockets as the lecture does, and numbers programs that have the same name.
pub(in super::super) fn name(model: &mut Model) {
    base_names(model);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for program in &mut model.programs {
        let nth = seen.entry(program.name.clone()).or_default();
        *nth += 1;
        if *nth > 1 {
            program.name = format!("{} {nth}", program.name);
        }
    }
    let roles = roles(model);
    let mut of_role: HashMap<(usize, &str), usize> = HashMap::new();
    for (socket, role) in model.sockets.iter().zip(&roles) {
        *of_role.entry((socket.program, role)).or_default() += 1;
    }
    let mut numbers: HashMap<(usize, &str), usize> = HashMap::new();
    for (socket, role) in model.sockets.iter_mut().zip(&roles) {
        let number = numbers.entry((socket.program, role)).or_default();
        *number += 1;
        let several = of_role[&(socket.program, *role)] > 1;
        socket.name = if several { format!("{role}{number}") } else { (*role).to_owned() };
    }
}

/// Removes the numbers from the programs' names.
pub(in super::super) fn base_names(model: &mut Model) {
    let names: std::collections::HashSet<_> =
        model.programs.iter().map(|program| program.name.clone()).collect();
    for program in &mut model.programs {
        let numbered = program.name.rsplit_once(' ').filter(|(base, number)| {
            number.parse::<usize>().is_ok_and(|number| number > 1) && names.contains(*base)
        });
        if let Some((base, _)) = numbered {
            program.name = base.to_owned();
        }
    }
}

fn roles(model: &Model) -> Vec<&'static str> {
    let mut roles = vec![None; model.sockets.len()];
    for step in &model.steps {
        if let Some(accepted) = step.accepted {
            roles[accepted] = Some("connectionSocket");
        }
        let role = match &*step.call.call {
            "listen" | "accept" => "serverSocket",
            "connect" => "clientSocket",
            _ if step.call.transport == "udp" && step.receives() => "serverSocket",
            _ if step.sends() => "clientSocket",
            _ => continue,
        };
        roles[step.socket].get_or_insert(role);
    }
    // A socket that was only bound is a server's; one that was only created has no role.
    let mut bound = vec![false; model.sockets.len()];
    let binds = model.steps.iter().filter(|step| step.call.call == "bind");
    binds.for_each(|step| bound[step.socket] = true);
    let idle = |socket: usize| if bound[socket] { "serverSocket" } else { "socket" };
    roles.into_iter().enumerate().map(|(socket, role)| role.unwrap_or_else(|| idle(socket))).collect()
}
