//! Log lines as JSON that name, in front, the trace and the span they were written
//! in, so that a line leads to its trace and a trace to its lines; and the store,
//! tenant and operation that the spans around them are about, so that a collector
//! finds a store's lines by one field of one name, whoever wrote them.

use std::fmt;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// What a line takes over from the spans around it, unless it says so itself.
const NAMED: [&str; 4] = ["store.id", "tenant.id", "operation.id", "generation"];

/// A JSON format with `trace_id`, `span_id` and [`NAMED`] in front.
#[derive(Debug)]
pub(super) struct Traced<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let Some(rest) = line.strip_prefix('{') else {
            return writer.write_str(&line);
        };
        writer.write_char('{')?;
        if let Some((trace, span)) = ids() {
            write!(writer, r#""trace_id":"{trace}","span_id":"{span}","#)?;
        }
        for (name, value) in named(context, event) {
            write!(writer, r#""{name}":{value},"#)?;
        }
        writer.write_str(rest)
    }
}

/// Names and values of [`NAMED`], of the innermost span that has them.
fn named<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> Vec<(&'static str, Value)>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    let mut found: Vec<(&'static str, Value)> = Vec::new();
    let own = event.metadata().fields();
    for span in context.event_scope().into_iter().flatten() {
        let extensions = span.extensions();
        let fields = extensions.get::<FormattedFields<N>>();
        let fields = fields.and_then(|text| serde_json::from_str::<Map<_, _>>(text).ok());
        let Some(mut fields) = fields else { continue };
        for name in NAMED {
            let said = own.field(name).is_some() || found.iter().any(|(known, _)| *known == name);
            if let Some(value) = fields.remove(name).filter(|_| !said) {
                found.push((name, value));
            }
        }
    }
    found
}

/// The trace and the span that this thread is in.
fn ids() -> Option<(String, String)> {
    Context::map_current(|context| {
        let span = context.span();
        let here = span.span_context();
        here.is_valid()
            .then(|| (here.trace_id().to_string(), here.span_id().to_string()))
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let kept = self.0.lock();
            kept.map_err(|_| io::ErrorKind::Other)?
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(write: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let (copy, lines) = (kept.clone(), layer().json());
        let lines = lines
            .with_writer(move || copy.clone())
            .map_event_format(|inner| Traced(inner.flatten_event(true)));
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, write);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let all = text.lines().map(|line| serde_json::from_str(line).unwrap());
        all.collect()
    }

    #[test]
    fn a_line_names_the_store_that_the_spans_around_it_are_about() {
        let lines = lines(|| {
            let job = tracing::info_span!("job", store.id = "store-bcdfgh", generation = 3);
            let step = tracing::info_span!(parent: &job, "step", generation = 4, secret = "s");
            step.in_scope(|| tracing::info!("inside"));
            job.in_scope(|| tracing::info!(store.id = "store-kmnpqr", "another"));
            tracing::info!("outside");
        });
        assert_eq!(lines[0]["store.id"], "store-bcdfgh");
        assert_eq!(lines[0]["generation"], 4);
        assert!(lines[0]["secret"].is_null());
        assert_eq!(lines[1]["store.id"], "store-kmnpqr");
        assert!(lines[2]["store.id"].is_null());
    }

    #[test]
    fn no_name_stands_twice_in_a_line() {
        let kept = Kept::default();
        let copy = kept.clone();
        let lines = layer().json().with_writer(move || copy.clone());
        let lines = lines.map_event_format(|inner| Traced(inner.flatten_event(true)));
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || {
            let job = tracing::info_span!("job", tenant.id = "t");
            job.in_scope(|| tracing::info!(tenant.id = "t", "said"));
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let ahead = text.split("\"span\"").next().unwrap();
        assert_eq!(ahead.matches("tenant.id").count(), 1, "{text}");
    }
}
