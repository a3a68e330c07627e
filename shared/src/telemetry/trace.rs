//! A trace from program to program: W3C Trace Context (`traceparent`, version 00),
//! as text in HTTP and AMQP headers and in the database.
//!
//! Whoever begins something for somebody else lets its span follow that text;
//! whoever asks somebody else gives the text of its own span on.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header's name.
pub const TRACEPARENT: &str = "traceparent";

/// Where a span follows from, and its trace. Source: W3C Trace Context, section 3.2.
fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let form = lower_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && lower_hex(trace, 32)
        && lower_hex(span, 16)
        && lower_hex(flags, 2);
    if !form {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

fn text(context: &Context) -> Option<String> {
    let span = context.span();
    let here = span.span_context();
    here.is_valid().then(|| {
        let flags = here.trace_flags() & TraceFlags::SAMPLED;
        format!("00-{}-{}-{flags:02x}", here.trace_id(), here.span_id())
    })
}

/// Let a span that was not entered yet follow what came with a request or message.
/// Without a text, or with one that is none, it begins a trace of its own.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if let Some(parent) = traceparent.and_then(parse) {
        // Only a span that nobody records cannot be told, and needs not.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Name another trace in the current span: this is about that.
pub fn link(traceparent: Option<&str>) {
    if let Some(other) = traceparent.and_then(parse) {
        Span::current().add_link(other);
    }
}

/// What to give on for this span.
#[must_use]
pub fn of(span: &Span) -> Option<String> {
    text(&span.context())
}

/// What to give on for the current span.
#[must_use]
pub fn here() -> Option<String> {
    of(&Span::current())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_standard_allows_is_read_and_written_back() {
        let context = Context::new().with_remote_span_context(parse(GOOD).unwrap());
        assert_eq!(text(&context).as_deref(), Some(GOOD));
        // A later version may hold more, and more flags.
        for later in [
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
        ] {
            let context = Context::new().with_remote_span_context(parse(later).unwrap());
            assert_eq!(text(&context).as_deref(), Some(GOOD), "{later}");
        }
    }

    #[test]
    fn anything_else_is_no_parent() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
            "+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn without_a_recorder_nothing_is_given_on() {
        assert_eq!(here(), None);
        follow(&Span::current(), Some(GOOD));
        link(Some("nonsense"));
    }
}
