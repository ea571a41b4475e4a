//! Signing the root with Ed25519, and checking it. What is signed is the whole of `root.txt`, so that
//! `openssl pkeyutl -verify` can check it as well.

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

/// What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410, section 4).
const DER_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why a key is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PKCS#8 in PEM, or of another kind.
    #[error(
        "it is no private Ed25519 key in PEM; make one with `openssl genpkey -algorithm ed25519`"
    )]
    Private,
    /// No public key of this kind.
    #[error("it is no public Ed25519 key in PEM or DER")]
    Public,
}

/// A root that was signed, and the key to check it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    /// 64 bytes.
    pub(super) signature: Vec<u8>,
    /// The public key, in DER.
    pub(super) public_key: Vec<u8>,
}

/// Signs a message with the private key of a PEM file.
pub(super) fn sign(pem: &[u8], message: &[u8]) -> Result<Signed, KeyError> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::Private)?;
    // What openssl writes has no public key in it.
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
    let pair = pair.map_err(|_| KeyError::Private)?;
    Ok(Signed {
        signature: pair.sign(message).as_ref().to_vec(),
        public_key: [&DER_HEAD, pair.public_key().as_ref()].concat(),
    })
}

/// The public key of a PEM or DER file, in DER.
pub fn public_key(bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let der = match SubjectPublicKeyInfoDer::from_pem_slice(bytes) {
        Ok(key) => key.as_ref().to_vec(),
        Err(_) => bytes.to_vec(),
    };
    let is_ours = der.len() == DER_HEAD.len() + 32 && der.starts_with(&DER_HEAD);
    if is_ours {
        Ok(der)
    } else {
        Err(KeyError::Public)
    }
}

/// Whether the signature of a message is that of the key in this DER.
pub(super) fn is_signed_by(der: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = der.strip_prefix(&DER_HEAD);
    key.is_some_and(|key| {
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(message, signature).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8410, section 10.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    /// Its public key.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn what_was_signed_is_checked_with_the_public_key_alone() {
        let signed = sign(PEM.as_bytes(), b"root").unwrap();
        let key = public_key(PUBLIC.as_bytes()).unwrap();
        assert_eq!(key, signed.public_key);
        assert_eq!(public_key(&key), Ok(key.clone()));
        assert!(is_signed_by(&key, b"root", &signed.signature));
        assert!(!is_signed_by(&key, b"rool", &signed.signature));
        assert!(!is_signed_by(&key, b"root", &signed.signature[1..]));
        assert!(!is_signed_by(&key[1..], b"root", &signed.signature));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [
            &b""[..],
            b"-----BEGIN PRIVATE KEY-----",
            PUBLIC.as_bytes(),
            &[0; 44],
        ] {
            assert_eq!(sign(bytes, b"").unwrap_err(), KeyError::Private);
        }
        for bytes in [&b""[..], PEM.as_bytes(), &[0; 44]] {
            assert_eq!(public_key(bytes).unwrap_err(), KeyError::Public);
        }
    }
}
