//! The head of a request: what it asks for, or the status that refuses it.
//!
//! httparse reads the syntax (RFC 9112). This file knows no socket and no file of the crate: the fuzz target
//! `metrics_head` includes it.

use httparse::{EMPTY_HEADER, Error, Request, Status};

/// The longest head, in bytes.
pub(crate) const MAX_HEAD: usize = 8 << 10;

/// The most header fields; a browser sends some twenty.
const MAX_FIELDS: usize = 64;

/// What bytes that have arrived are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head<T> {
    /// The beginning of a head.
    Incomplete,
    /// A whole head that asks for this, whatever follows it.
    Wants(T),
    /// No head, or one that is refused, with this status code.
    Refused(u16),
}

/// Reads the head at the beginning of `bytes`, which is at most [`MAX_HEAD`] bytes long; `wanted` says what a request
/// asks for, or the status that refuses it.
pub(crate) fn parse<T>(bytes: &[u8], wanted: impl FnOnce(&Request<'_, '_>) -> Result<T, u16>) -> Head<T> {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut request = Request::new(&mut fields);
    let status = match request.parse(&bytes[..bytes.len().min(MAX_HEAD)]) {
        Ok(Status::Partial) if bytes.len() >= MAX_HEAD => 431,
        Ok(Status::Partial) => return Head::Incomplete,
        // RFC 9112, 3.2: a request of HTTP/1.1 without the field, or with two, is a bad one.
        Ok(Status::Complete(_)) if request.version == Some(1) && values(&request, "host").count() != 1 => 400,
        Ok(Status::Complete(_)) => match wanted(&request) {
            Ok(wanted) => return Head::Wants(wanted),
            Err(status) => status,
        },
        Err(Error::TooManyHeaders) => 431,
        Err(Error::Version) => 505,
        Err(_) => 400,
    };
    Head::Refused(status)
}

/// Whether a request is a HEAD, whose reply has no content; any method but that and GET is refused.
pub(crate) fn is_head(request: &Request<'_, '_>) -> Result<bool, u16> {
    match request.method {
        Some("GET") => Ok(false),
        Some("HEAD") => Ok(true),
        _ => Err(405),
    }
}

/// The path of a request's target, which a client of a proxy may write as a whole URL (RFC 9112, 3.2.2).
pub(crate) fn path<'a>(request: &Request<'_, 'a>) -> &'a str {
    let target = request.path.unwrap_or_default();
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("", |slash| &rest[slash..]),
        _ => target,
    };
    path.split('?').next().unwrap_or_default()
}

/// The values of the fields of this name, which is in lower case.
pub(crate) fn values<'a>(request: &'a Request<'_, '_>, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    request.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}
