//! Which addresses no source may lead to: those where clouds hand a machine its credentials.
//!
//! Whoever may write a source names hosts that the controller then asks from its own place in the
//! network. Private addresses must be open, because Git servers have them; link-local ones and the
//! metadata services of the large clouds hold no repository.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use crate::SourceError;

/// Metadata services outside of the link-local ranges: Alibaba Cloud, Azure, and AWS over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// Refuses a URL whose host is such an address. Names are refused when they are looked up.
pub(crate) fn check(url: &Url) -> Result<(), SourceError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_off_limits(address) {
        return Err(SourceError::OffLimits {
            host: address.to_string(),
        });
    }
    Ok(())
}

/// Looks names up as the system does and takes no address that is off limits.
#[derive(Debug)]
pub(crate) struct Lookup;

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<_> = found.collect();
            if addresses.iter().any(|found| is_off_limits(found.ip())) {
                let host = name.as_str().to_owned();
                return Err(SourceError::OffLimits { host }.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn is_off_limits(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_link_local || METADATA.contains(&address)
}

#[cfg(test)]
mod tests;
