//! Standard output: the one place that writes to it. A reader that goes away
//! (`urumi … | head`) is no failure; a disk that is full is one.

use std::io::{ErrorKind, Write, stdout};

use crate::exit::Failed;

/// Print the text and a new line; of no text, nothing.
///
/// # Errors
/// That nothing can be written there.
pub fn show(text: &str) -> Result<(), Failed> {
    write(&mut stdout().lock(), text)
}

fn write(to: &mut impl Write, text: &str) -> Result<(), Failed> {
    if text.is_empty() {
        return Ok(());
    }
    let written = to
        .write_all(text.as_bytes())
        .and_then(|()| to.write_all(b"\n"))
        .and_then(|()| to.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failed::new(format!(
            "standard output cannot be written: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn nothing_is_no_line() {
        let mut written = Vec::new();
        write(&mut written, "").unwrap();
        assert_eq!(written, b"");
        write(&mut written, "store-k7q2mx").unwrap();
        assert_eq!(written, b"store-k7q2mx\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert!(write(&mut Broken(ErrorKind::BrokenPipe), "x").is_ok());
        let failed = write(&mut Broken(ErrorKind::StorageFull), "x").unwrap_err();
        assert!(failed.what.contains("cannot be written"), "{}", failed.what);
    }
}
