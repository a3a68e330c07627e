//! A request's query: every parameter is known and given once, or it is refused.

use actix_web::HttpRequest;
use url::form_urlencoded;

use crate::error::ApiError;
use crate::error::problem::FieldError;

/// Takes parameters out of a query and collects every complaint.
#[derive(Debug)]
pub struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
    complaints: Vec<FieldError>,
}

impl Query {
    pub fn of(request: &HttpRequest) -> Self {
        Self::parse(request.query_string())
    }

    /// From its text, without the `?`.
    pub fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self {
            left: pairs
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
            known: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// An optional parameter, read by `read`.
    pub fn take<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.known.push(name);
        let (taken, left) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(key, _)| key == name);
        self.left = left;
        let taken: Vec<(String, String)> = taken;
        let result = match taken.as_slice() {
            [] => return None,
            [(_, value)] => read(value).map_err(|error| error.to_string()),
            _ => Err("must be given only once".to_owned()),
        };
        result
            .map_err(|detail| {
                self.complaints
                    .push(FieldError::new(format!("/{name}"), detail))
            })
            .ok()
    }

    /// A parameter that may be given several times, up to `most`.
    pub fn take_all<T, E: ToString>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        self.known.push(name);
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(key, _)| key == name);
        self.left = left;
        if taken.len() > most {
            self.complain(name, format!("must be given at most {most} times"));
            return Vec::new();
        }
        let mut read_all = Vec::new();
        for (_, value) in &taken {
            match read(value) {
                Ok(value) => read_all.push(value),
                Err(error) => self.complain(name, error.to_string()),
            }
        }
        read_all
    }

    /// Something else that is wrong with a parameter.
    pub fn complain(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = format!("/{name}");
        self.complaints.push(FieldError::new(pointer, detail));
    }

    /// What was complained about; parameters nobody asked for too.
    pub fn finish(mut self) -> Result<(), ApiError> {
        let known = if self.known.is_empty() {
            "none are known here".to_owned()
        } else {
            format!("known are `{}`", self.known.join("`, `"))
        };
        for (name, _) in &self.left {
            let name: String = name.chars().take(60).collect();
            self.complaints.push(FieldError::new(
                format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                format!("is not a known parameter; {known}"),
            ));
        }
        if self.complaints.is_empty() {
            Ok(())
        } else {
            Err(ApiError::InvalidQuery(self.complaints))
        }
    }
}

/// `true` or `false`.
pub fn boolean(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be `true` or `false`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_repeated_and_wrong_parameters_are_all_named() {
        let mut query = Query::parse("a=1&a=2&b=maybe&c=3");
        let a = query.take("a", |text| text.parse::<u8>());
        let b = query.take("b", boolean);
        let error = query.finish().unwrap_err();

        assert_eq!((a, b), (None, None));
        let names: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(names, ["/a", "/b", "/c"]);
    }
}
