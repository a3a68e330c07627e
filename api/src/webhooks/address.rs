//! Where a webhook may point to: no address of ours, of the cluster's or of the
//! machine's own. Pure; asked when a webhook is made and again at each connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Characters of a URL at most.
const MAX_URL: usize = 2_000;

/// What is allowed beside `https` to a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// `http` as well.
    pub http: bool,
    /// The machine's own addresses as well: for tests and a laptop.
    pub loopback: bool,
}

/// An address that nothing is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its host is at an address that is not public")]
pub struct Refused;

impl Rules {
    /// The URL, if it may be sent to as far as can be seen without a look-up.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn url(self, text: &str) -> Result<Url, String> {
        if text.chars().count() > MAX_URL {
            return Err(format!("must have at most {MAX_URL} characters"));
        }
        let url = Url::parse(text).map_err(|error| format!("must be a URL: {error}"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            _ => return Err("must begin with `https://`".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password".to_owned());
        }
        if url.fragment().is_some() {
            return Err("must not have a fragment (`#…`)".to_owned());
        }
        self.host(&url).map_err(|refused| refused.to_string())?;
        Ok(url)
    }

    /// Whether a URL's host may be sent to, where it is an address itself: those are
    /// never looked up.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn host(self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.address(address.into()),
            Some(Host::Ipv6(address)) => self.address(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refused),
        }
    }

    /// Whether an address may be sent to.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn address(self, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        let public = match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        };
        if public || (self.loopback && address.is_loopback()) {
            Ok(())
        } else {
            Err(Refused)
        }
    }
}

/// Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    )
}

/// Global unicast without its special parts; addresses that carry an IPv4 address
/// are judged by it. Source: IANA IPv6 Special-Purpose Address Registry.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // NAT64 (RFC 6052) and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo, benchmarks, ORCHID, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROD: Rules = Rules {
        http: false,
        loopback: false,
    };
    const LOCAL: Rules = Rules {
        http: true,
        loopback: true,
    };

    #[test]
    fn only_public_addresses_are_sent_to() {
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ];
        let refused = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2001:0:1::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ];
        for text in public {
            assert_eq!(PROD.address(text.parse().unwrap()), Ok(()), "{text}");
        }
        for text in refused {
            assert_eq!(PROD.address(text.parse().unwrap()), Err(Refused), "{text}");
        }
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(LOCAL.address(text.parse().unwrap()), Ok(()), "{text}");
        }
        assert_eq!(LOCAL.address("10.0.0.1".parse().unwrap()), Err(Refused));
    }

    #[test]
    fn a_url_is_refused_for_its_scheme_its_parts_and_its_host_however_it_is_written() {
        for text in [
            "https://example.com/hook",
            "https://1.1.1.1:8443/",
            "https://example.com/?token=1",
        ] {
            assert!(PROD.url(text).is_ok(), "{text}");
        }
        for text in [
            "http://example.com/",
            "ftp://example.com/",
            "example.com",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://example.com/#part",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            &format!("https://example.com/{}", "a".repeat(2_000)),
        ] {
            assert!(PROD.url(text).is_err(), "{text}");
        }
        assert!(LOCAL.url("http://127.0.0.1:9/").is_ok());
        assert!(LOCAL.url("http://10.0.0.1/").is_err());
    }
}
