//! Names programs and sockets.

use std::collections::HashMap;

use capsock::trace::Variable;

use super::super::Model;

/// Names the sockets, and numbers those of a program that have the same name, as well as programs that have.
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
    let names = own_names(model);
    let mut sockets_of: HashMap<(usize, &str), usize> = HashMap::new();
    for (socket, name) in model.sockets.iter().zip(&names) {
        *sockets_of.entry((socket.program, name)).or_default() += 1;
    }
    let mut numbers: HashMap<(usize, &str), usize> = HashMap::new();
    for (socket, name) in model.sockets.iter_mut().zip(&names) {
        let number = numbers.entry((socket.program, name)).or_default();
        *number += 1;
        let several = sockets_of[&(socket.program, &**name)] > 1;
        socket.name = if several { format!("{name}{number}") } else { name.clone() };
    }
}

/// The name of each socket, which others of its program may have too: that of the program's variable, the first one by which
/// it was called, or else a word for what the socket does.
fn own_names(model: &Model) -> Vec<String> {
    let mut names = vec![None; model.sockets.len()];
    for step in &model.steps {
        let variable = step.call.variable.as_deref().and_then(Variable::new);
        if let Some(variable) = variable.filter(|_| !step.polls()) {
            names[step.socket].get_or_insert(variable);
        }
    }
    let named = |(name, role): (Option<Variable>, Role)| {
        name.as_ref().map_or_else(|| role.word(), Variable::as_str).to_owned()
    };
    names.into_iter().zip(roles(model)).map(named).collect()
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

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Connection,
    Client,
    /// It was only created.
    None,
}

impl Role {
    /// The name of a socket of which the trace has no variable.
    const fn word(self) -> &'static str {
        match self {
            Role::Server => "server",
            Role::Connection => "connection",
            Role::Client => "client",
            Role::None => "socket",
        }
    }
}

/// The role of each socket, by the calls on it.
pub(super) fn roles(model: &Model) -> Vec<Role> {
    let mut roles = vec![None; model.sockets.len()];
    for step in &model.steps {
        if let Some(accepted) = step.accepted {
            roles[accepted] = Some(Role::Connection);
        }
        let role = match &*step.call.call {
            "listen" | "accept" => Role::Server,
            "connect" => Role::Client,
            _ if step.call.transport == "udp" && step.receives() => Role::Server,
            _ if step.sends() => Role::Client,
            _ => continue,
        };
        roles[step.socket].get_or_insert(role);
    }
    // A socket that was only bound is a server's; one that was only created has no role.
    let mut bound = vec![false; model.sockets.len()];
    let binds = model.steps.iter().filter(|step| step.call.call == "bind");
    binds.for_each(|step| bound[step.socket] = true);
    let idle = |socket: usize| if bound[socket] { Role::Server } else { Role::None };
    roles.into_iter().enumerate().map(|(socket, role)| role.unwrap_or_else(|| idle(socket))).collect()
}
