//! Whether a file is encrypted, by its first bytes: `OpenPGP` messages (RFC 9580) and enveloped data of the
//! Cryptographic Message Syntax (RFC 5652).

/// The armour of a message as text.
const ARMOUR: &[u8] = b"-----BEGIN PGP MESSAGE-----";
/// The object identifier of enveloped data, 1.2.840.113549.1.7.3.
const ENVELOPED: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
/// Tags of packets with a key for the session, and of those that hold what is encrypted.
const KEYS: [u8; 2] = [1, 3];
const DATA: [u8; 3] = [9, 18, 20];
/// The marker, which old programs put in front.
const MARKER: u8 = 10;
/// What is encrypted for the longest key has 2 KiB.
const LARGEST_KEY: usize = 2200;
/// No message has more recipients in its head.
const MOST_KEYS: usize = 64;

/// With what a file is encrypted that begins so; nothing where it is not known to be.
pub(super) fn encrypted(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.trim_ascii_start().starts_with(ARMOUR) || is_pgp(head) {
        return Some("PGP");
    }
    let is_sequence = head.first() == Some(&0x30) && head.len() > 32;
    let has_kind = head.windows(ENVELOPED.len()).take(16);
    let is_enveloped = is_sequence && has_kind.into_iter().any(|found| found == ENVELOPED);
    is_enveloped.then_some("CMS (PKCS #7)")
}

/// The header of a packet, as far as it matters.
struct Packet {
    tag: u8,
    /// Where its content begins.
    begins: usize,
    /// How long its content is; nothing where that is told piece by piece.
    length: Option<usize>,
}

/// Packets with keys, and behind them one with data: two bytes alone may begin any sound.
fn is_pgp(head: &[u8]) -> bool {
    let (mut at, mut keys) = (0, 0);
    while keys <= MOST_KEYS {
        let Some(packet) = head.get(at..).and_then(packet) else {
            // The head ends within the keys of many recipients.
            return keys > 1 && at >= head.len();
        };
        let begins = at + packet.begins;
        let content = head.get(begins..).unwrap_or_default();
        match packet.tag {
            MARKER if content.starts_with(b"PGP") => {}
            tag if KEYS.contains(&tag) && is_key(tag, content) => keys += 1,
            tag => return keys > 0 && DATA.contains(&tag),
        }
        let Some(length) = packet.length.filter(|length| *length <= LARGEST_KEY) else {
            return false;
        };
        at = begins.saturating_add(length);
    }
    false
}

/// Whether the packet begins as one with a key for the session: its version, and the algorithm of the key.
fn is_key(tag: u8, content: &[u8]) -> bool {
    match (tag, content) {
        // 8 bytes name the key; RSA, Elgamal, ECDH, X25519, X448.
        (1, [3, rest @ ..]) => rest
            .get(8)
            .is_some_and(|algorithm| matches!(algorithm, 1 | 2 | 16 | 18 | 25 | 26)),
        // Version 6: the fingerprint of the key behind its length, which is 0 for a hidden one. Of a
        // passphrase: a cipher, then how the key is made of it, or the mode.
        (1, [6, 0 | 21 | 33, ..])
        | (
            3,
            [4, 1..=13, 0 | 1 | 3 | 4, ..] | [5, 1..=13, 1..=3, ..] | [6, _, 1..=13, 1..=3, ..],
        ) => true,
        _ => false,
    }
}

/// RFC 9580, section 4.2.
fn packet(bytes: &[u8]) -> Option<Packet> {
    let first = *bytes.first()?;
    let number = |from: usize, count: usize| {
        let digits = bytes.get(from..from + count)?;
        Some(
            digits
                .iter()
                .fold(0_usize, |all, digit| all << 8 | usize::from(*digit)),
        )
    };
    if first & 0x80 == 0 {
        return None;
    }
    if first & 0x40 == 0 {
        let count = match first & 3 {
            kind @ 0..=2 => 1_usize << kind,
            _ => 0,
        };
        return Some(Packet {
            tag: first >> 2 & 0xf,
            begins: 1 + count,
            length: if count == 0 {
                None
            } else {
                Some(number(1, count)?)
            },
        });
    }
    let tag = first & 0x3f;
    let (begins, length) = match usize::from(*bytes.get(1)?) {
        short @ 0..=191 => (2, Some(short)),
        long @ 192..=223 => (3, Some(((long - 192) << 8) + number(2, 1)? + 192)),
        255 => (6, Some(number(2, 4)?)),
        _ => (2, None),
    };
    Some(Packet {
        tag,
        begins,
        length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message for one recipient, as `gpg --encrypt` writes it, and one with a passphrase.
    fn messages() -> [Vec<u8>; 4] {
        let key = [&[3_u8][..], &[7; 8], &[1], &[9; 258]].concat();
        let old = [&[0x85_u8, 0x01, 0x0c][..], &key, &[0xd2, 0xff], &[5; 900]].concat();
        let new = [&[0xc1_u8, 0xc0, 0x4c][..], &key, &[0xd2, 0xea], &[5; 900]].concat();
        let word = [4_u8, 9, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 96];
        let word = [&[0x8c_u8, 13][..], &word, &[0xd2, 0x40], &[5; 64]].concat();
        // Many recipients: the head ends among their keys.
        let many = [&[0x85_u8, 0x01, 0x0c][..], &key].concat().repeat(40);
        [old, new, word, many]
    }

    #[test]
    fn encrypted_files_are_known_by_their_first_packets() {
        for message in messages() {
            let head = &message[..message.len().min(4096)];
            assert_eq!(encrypted(head), Some("PGP"), "{:x?}", &head[..4]);
        }
        let armoured = b"\xef\xbb\xbf-----BEGIN PGP MESSAGE-----\n\nhQEM";
        assert_eq!(encrypted(armoured), Some("PGP"));
        let enveloped = [&[0x30_u8, 0x80][..], ENVELOPED, &[0xa0, 0x80], &[1; 64]].concat();
        assert_eq!(encrypted(&enveloped), Some("CMS (PKCS #7)"));
    }

    #[test]
    fn sound_and_signed_text_are_not_taken_for_encrypted() {
        for head in [
            &b"RIFF\x24\x08\0\0WAVEfmt "[..],
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----",
            b"\x85\x01\x0c\x03sound without a header",
            b"\x84\x85\x86\x84\x85\x86\x84\x85\x86\x84\x85\x86",
            b"\xff\xfb\x90\x64",
            b"\xd5\xd5\xd5\xd5\xd5\xd5\xd5",
            b"",
            b"\xc1",
        ] {
            assert_eq!(encrypted(head), None, "{head:x?}");
        }
        let mut dice = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let head: Vec<u8> = std::iter::repeat_with(|| dice.u8(..)).take(300).collect();
            assert_eq!(encrypted(&head), None, "{:x?}", &head[..16]);
        }
    }
}
