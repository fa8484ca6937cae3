//! What the endpoint has done, as metrics of its own.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The status codes of the endpoint's responses.
const STATUSES: [u16; 8] = [200, 400, 404, 405, 408, 431, 503, 505];

/// Responses by status code, and connections without a response.
#[derive(Debug, Default)]
pub(super) struct Counts {
    responses: [AtomicU64; STATUSES.len()],
    unanswered: AtomicU64,
}

impl Counts {
    pub(super) fn response(&self, code: u16) {
        if let Some(index) = STATUSES.iter().position(|one| *one == code) {
            self.responses[index].fetch_add(1, Relaxed);
        }
    }

    /// Counts a connection that was closed without a response.
    pub(super) fn unanswered(&self) {
        self.unanswered.fetch_add(1, Relaxed);
    }

    /// Appends the metrics to those of the server, in the same format.
    pub(super) fn append_to(&self, mut text: String, open_metrics: bool) -> String {
        // The end of the text of OpenMetrics.
        const EOF: &str = "# EOF\n";
        if text.ends_with(EOF) {
            text.truncate(text.len() - EOF.len());
        }
        let mut counter = |name: &str, help: &str, samples: &[(String, u64)]| {
            let family = if open_metrics { name.to_owned() } else { format!("{name}_total") };
            // Writing to a String cannot fail.
            let _ = write!(text, "# TYPE {family} counter\n# HELP {family} {help}\n");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}_total{labels} {value}");
            }
        };
        let responses: Vec<_> = STATUSES
            .iter()
            .zip(&self.responses)
            .map(|(code, count)| (format!("{{code=\"{code}\"}}"), count.load(Relaxed)))
            .collect();
        counter(
            "capsock_metrics_responses",
            "Responses of the endpoint of the metrics before this one, by their status codes.",
            &responses,
        );
        counter(
            "capsock_metrics_unanswered",
            "Connections to the endpoint of the metrics that were closed without a response: by the client, at the \
             time limit without a request, or as the oldest of too many.",
            &[(String::new(), self.unanswered.load(Relaxed))],
        );
        if open_metrics {
            text += EOF;
        }
        text
    }
}
