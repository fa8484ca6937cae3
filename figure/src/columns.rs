//! The order of a model's columns, and their headings.

use super::Model;

impl Model {
    /// The model with these columns from the left; the others follow in their order.
    ///
    /// Each of `names` is the name of a program; or `Server` or `Client`, in any case, with a number if it is not the first
    /// of them, which becomes its heading; or one of these, `=`, and the heading.
    ///
    /// # Errors
    /// The first of the names that no program has, or that stands for one that was named before.
    pub fn with_columns<'a>(mut self, names: &[&'a str]) -> Result<Model, &'a str> {
        let mut order: Vec<usize> = Vec::with_capacity(self.programs.len());
        let mut headings: Vec<Option<String>> = vec![None; self.programs.len()];
        for name in names {
            let (wanted, heading) = name.split_once('=').map_or((*name, None), |(of, text)| (of, Some(text)));
            let by_name = self.programs.iter().position(|program| program.name == wanted);
            let place = by_name.or_else(|| self.with_role(wanted)).filter(|place| !order.contains(place));
            let place = place.ok_or(*name)?;
            headings[place] = heading.or(by_name.is_none().then_some(wanted)).map(str::to_owned);
            order.push(place);
        }
        order.extend((0..self.programs.len()).filter(|place| !order.contains(place)).collect::<Vec<_>>());
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| places[*old] = new);

        let programs = std::mem::take(&mut self.programs);
        let mut numbered: Vec<_> = programs.into_iter().enumerate().collect();
        numbered.sort_by_key(|(old, _)| places[*old]);
        self.programs = numbered.into_iter().map(|(_, program)| program).collect();
        for (old, heading) in headings.into_iter().enumerate() {
            if let Some(heading) = heading {
                self.programs[places[old]].name = heading;
            }
        }
        self.sockets.iter_mut().for_each(|socket| socket.program = places[socket.program]);
        self.steps.iter_mut().for_each(|step| step.program = places[step.program]);
        Ok(self)
    }

    /// The program of a role such as `Server` or `client 2`.
    fn with_role(&self, wanted: &str) -> Option<usize> {
        let role = super::timeline::base(wanted);
        let number = wanted[role.len()..].trim();
        let nth: usize = if number.is_empty() { 1 } else { number.parse().ok()? };
        let serves = role.eq_ignore_ascii_case("server");
        if !serves && !role.eq_ignore_ascii_case("client") {
            return None;
        }
        let of_role = self.programs.iter().enumerate().filter(|(_, program)| program.serves == serves);
        of_role.map(|(place, _)| place).nth(nth.checked_sub(1)?)
    }
}
