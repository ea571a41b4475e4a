//! Which addresses a URL of an export may lead to: those of the Internet, not those of this machine and
//! the networks around it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Finds the addresses of names, and leaves out those that are not public.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicOnly;

/// A name that has no public address.
#[derive(Debug, thiserror::Error)]
#[error("{0} is on this machine or in a private network; `--allow-private` allows it")]
pub(super) struct PrivateHost(pub(super) String);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|at| is_public(at.ip())).collect();
            if public.is_empty() {
                return Err(PrivateHost(name.as_str().to_owned()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Refuses a URL that names an address which is not public; names are looked at when they are found.
pub(super) fn expect_public(url: &Url) -> Result<(), PrivateHost> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return Ok(()),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(PrivateHost(address.to_string()))
    }
}

/// Whether an address belongs to the Internet: the registries of special addresses, RFC 6890.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        // The platform of Azure, at a public address.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        || first >= 240
        // Shared by providers, for protocols, for benchmarks.
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An address of the older kind in a newer one leads to where the older one leads.
    if let Some(older) = address.to_ipv4_mapped() {
        return is_public_v4(older);
    }
    let parts = address.segments();
    let last = |address: &[u16; 8]| {
        let [a, b] = address[6].to_be_bytes();
        let [c, d] = address[7].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        // NAT64 and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last(&parts)),
        [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Only 2000::/3 is given to anybody; of it the documentation's is not.
        [0x2001, 0xdb8, ..] => false,
        // For protocols: some of these hold an address of the older kind.
        [0x2001, second, ..] if second < 0x200 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "64:ff9b:1::808:808",
            "2001::1",
            "168.63.129.16",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_is_found_however_a_url_writes_it() {
        for url in [
            "https://127.0.0.1/a.wav",
            "https://2130706433/a.wav",
            "https://0x7f.1/a.wav",
            "https://[::1]/a.wav",
            "https://[::ffff:169.254.169.254]/a.wav",
        ] {
            assert!(expect_public(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
        assert!(expect_public(&Url::parse("https://example.com/a.wav").unwrap()).is_ok());
    }
}
