//! Where a request comes from. What a proxy says about that (`X-Forwarded-For`)
//! counts only from proxies that were named; from anybody else it is a claim.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::X_FORWARDED_FOR;

/// Proxies whose word counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted(Vec<Network>);

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    bits: u8,
}

/// A text that names no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an address nor a network such as 10.0.0.0/8")]
pub struct InvalidProxy(String);

impl FromStr for Trusted {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        let read = |one: &str| network(one).ok_or_else(|| InvalidProxy(one.to_owned()));
        named.map(read).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let first = address.parse::<IpAddr>().ok()?;
    let all = if first.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(all);
    (bits <= all).then_some(Network { first, bits })
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                let differ = first.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.bits.into()
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => {
                let differ = first.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.bits.into()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl Trusted {
    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who asked: the last address in the row of proxies that is none of ours. What
    /// stands before it, anybody may have written. Pure.
    fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let mut client = peer;
        let row = forwarded.iter().flat_map(|line| line.split(','));
        for said in row.map(str::trim).collect::<Vec<_>>().into_iter().rev() {
            if !self.holds(client.to_canonical()) {
                break;
            }
            match said.parse::<IpAddr>() {
                Ok(address) => client = address,
                Err(_) => break,
            }
        }
        client.to_canonical()
    }

    /// The name under which a request without a principal is counted: its client's
    /// address, of IPv6 the network that one customer gets.
    pub fn counted(&self, request: &ServiceRequest) -> Option<String> {
        let peer = request.peer_addr()?.ip();
        let lines = request.headers().get_all(X_FORWARDED_FOR);
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        Some(match self.client(peer, &lines) {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let customer = address.to_bits() >> 64 << 64;
                format!("{}/64", Ipv6Addr::from_bits(customer))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_are_believed_and_only_as_far_as_they_saw() {
        let trusted: Trusted = "10.0.0.0/8, 192.0.2.7, fd00::/8".parse().unwrap();
        for (peer, forwarded, expected) in [
            // Nobody's word counts without a proxy of ours in front.
            ("203.0.113.5", &["198.51.100.1"][..], "203.0.113.5"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            // The client may have sent a header of its own: it stands further left.
            ("10.1.2.3", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            (
                "10.1.2.3",
                &["1.2.3.4", "198.51.100.1, 192.0.2.7"],
                "198.51.100.1",
            ),
            ("10.1.2.3", &["1.2.3.4, unknown"], "10.1.2.3"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("fd00::1", &["2001:db8::9"], "2001:db8::9"),
        ] {
            let client = trusted.client(peer.parse().unwrap(), forwarded);
            assert_eq!(client.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn proxies_are_named_by_address_or_network() {
        assert_eq!("".parse::<Trusted>().unwrap(), Trusted::default());
        for wrong in [
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "*",
            "10.0.0.1;10.0.0.2",
        ] {
            assert!(wrong.parse::<Trusted>().is_err(), "{wrong}");
        }
    }
}
