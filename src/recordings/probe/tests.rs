use std::io::Cursor;

use proptest::prelude::*;

use crate::recordings::probe::*;

pub(super) mod made {
    //! Recordings made by hand from the formats' own descriptions.

    pub(super) fn chunk(id: [u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len()).unwrap();
        let mut chunk = [&id[..], &size.to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    /// Tag, channels, rate, bits; block and byte rate follow.
    pub(super) fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let block = channels * bits.div_ceil(8);
        let byte_rate = rate * u32::from(block);
        [
            &tag.to_le_bytes()[..],
            &channels.to_le_bytes(),
            &rate.to_le_bytes(),
            &byte_rate.to_le_bytes(),
            &block.to_le_bytes(),
            &bits.to_le_bytes(),
        ]
        .concat()
    }

    pub(super) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = [&b"WAVE"[..], &chunks.concat()].concat();
        let size = u32::try_from(body.len()).unwrap();
        [&b"RIFF"[..], &size.to_le_bytes(), &body].concat()
    }

    pub(super) fn wav(tag: u16, channels: u16, rate: u32, bits: u16, sound: usize) -> Vec<u8> {
        let format = format(tag, channels, rate, bits);
        riff(&[chunk(*b"fmt ", &format), chunk(*b"data", &vec![1; sound])])
    }

    /// The 20-byte format of a codec in blocks: GSM and the ADPCMs.
    pub(super) fn blocks(tag: u16, block: u16, samples: u16) -> Vec<u8> {
        let mut format = format(tag, 1, 8000, 0);
        format[12..14].copy_from_slice(&block.to_le_bytes());
        [&format[..], &2u16.to_le_bytes(), &samples.to_le_bytes()].concat()
    }

    /// Frames of MPEG 1 layer III, 128 kbit/s, 44100 Hz: 417 bytes and 1152 samples each.
    pub(super) fn mp3(frames: usize, xing: bool) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0xC0]);
        let mut file = Vec::new();
        if xing {
            let mut first = frame.clone();
            let count = u32::try_from(frames).unwrap();
            let bytes = u32::try_from((frames + 1) * 417).unwrap();
            // The header stands behind the side information of a mono frame.
            first[21..25].copy_from_slice(b"Info");
            first[25..29].copy_from_slice(&3u32.to_be_bytes());
            first[29..33].copy_from_slice(&count.to_be_bytes());
            first[33..37].copy_from_slice(&bytes.to_be_bytes());
            file.extend(first);
        }
        file.extend(frame.repeat(frames));
        file
    }

    /// Frames of AAC LC, 8000 Hz, mono: 1024 samples each.
    pub(super) fn adts(frames: usize) -> Vec<u8> {
        let length: u16 = 50;
        let mut frame = vec![0; usize::from(length)];
        frame[0] = 0xFF;
        frame[1] = 0xF1;
        frame[2] = (1 << 6) | (11 << 2);
        frame[3] = (1 << 6) | u8::try_from(length >> 11).unwrap();
        frame[4] = u8::try_from((length >> 3) & 0xFF).unwrap();
        frame[5] = u8::try_from((length & 7) << 5).unwrap() | 0x1F;
        frame[6] = 0xFC;
        frame.repeat(frames)
    }

    pub(in crate::recordings::probe) fn flac(samples: u64) -> Vec<u8> {
        let mut info = vec![0; 34];
        info[..2].copy_from_slice(&4096u16.to_be_bytes());
        info[2..4].copy_from_slice(&4096u16.to_be_bytes());
        // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
        let packed: u64 = (8000 << 44) | (1 << 41) | (15 << 36) | samples;
        info[10..18].copy_from_slice(&packed.to_be_bytes());
        [&b"fLaC"[..], &[0x80, 0, 0, 34], &info].concat()
    }

    /// The header of a frame of 4096 samples: its number below 128, and its checksum.
    pub(super) fn flac_frame(number: u8) -> Vec<u8> {
        flac_frame_like(0x18, number)
    }

    /// The same with another byte of channels and bits; 0x18 is two of 16.
    pub(super) fn flac_frame_like(layout: u8, number: u8) -> Vec<u8> {
        let mut frame = vec![0xFF, 0xF8, 0xC0, layout, number];
        let sum = frame.iter().fold(0u8, |sum, byte| {
            (0..8).fold(sum ^ byte, |sum, _| {
                (sum << 1) ^ if sum >> 7 == 1 { 0x07 } else { 0 }
            })
        });
        frame.push(sum);
        frame.extend([0x55; 100]);
        frame
    }

    fn page(flags: u8, granule: u64, sequence: u32, packet: &[u8]) -> Vec<u8> {
        let mut page = [
            &b"OggS"[..],
            &[0, flags],
            &granule.to_le_bytes(),
            &7u32.to_le_bytes(),
            &sequence.to_le_bytes(),
            &[0; 4],
            &[1, u8::try_from(packet.len()).unwrap()],
            packet,
        ]
        .concat();
        let crc = page.iter().fold(0u32, |crc, byte| {
            (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
                (crc << 1) ^ if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
            })
        });
        page[22..26].copy_from_slice(&crc.to_le_bytes());
        page
    }

    /// Opus in two channels, the last page ending at this sample of 48 kHz.
    pub(super) fn opus(end: u64) -> Vec<u8> {
        let head = [
            &b"OpusHead\x01\x02"[..],
            &312u16.to_le_bytes(),
            &8000u32.to_le_bytes(),
            &[0, 0, 0],
        ]
        .concat();
        let tags = [&b"OpusTags"[..], &4u32.to_le_bytes(), b"none", &[0; 4]].concat();
        [
            page(2, 0, 0, &head),
            page(0, 0, 1, &tags),
            page(0, 960, 2, &[0xFC, 1, 2, 3]),
            page(4, end, 3, &[0xFC, 1, 2, 3]),
        ]
        .concat()
    }

    fn atom(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes()[..], &name, body].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// AAC, mono, 8000 Hz, in as many packets of 1024 samples and ten bytes.
    pub(super) fn m4a(packets: u32) -> Vec<u8> {
        let specific = [0x15, 0x88];
        let decoder = [&[0x04, 17, 0x40, 0x15][..], &[0; 11], &[0x05, 2], &specific].concat();
        let descriptor = [&[0x03, 25, 0, 0, 0][..], &decoder, &[0x06, 1, 2]].concat();
        let esds = atom(*b"esds", &[&[0; 4][..], &descriptor].concat());
        let sample = [
            &[0, 0, 0, 0, 0, 0, 0, 1][..],
            &[0; 8],
            &[0, 1, 0, 16, 0, 0, 0, 0],
            &(8000u32 << 16).to_be_bytes(),
            &esds,
        ]
        .concat();
        let table = [
            atom(
                *b"stsd",
                &[words(&[0, 1]), atom(*b"mp4a", &sample)].concat(),
            ),
            atom(*b"stts", &words(&[0, 1, packets, 1024])),
            atom(*b"stsc", &words(&[0, 1, 1, packets, 1])),
            atom(*b"stsz", &words(&[0, 10, packets])),
            atom(*b"stco", &words(&[0, 1, 24])),
        ]
        .concat();
        let samples = packets * 1024;
        let handler = [&[0; 8][..], b"soun", &[0; 13]].concat();
        let reference = atom(
            *b"dref",
            &[words(&[0, 1]), atom(*b"url ", &[0, 0, 0, 1])].concat(),
        );
        let info = [
            atom(*b"smhd", &[0; 8]),
            atom(*b"dinf", &reference),
            atom(*b"stbl", &table),
        ]
        .concat();
        let media = [
            atom(*b"mdhd", &words(&[0, 0, 0, 8000, samples, 0x55C4_0000])),
            atom(*b"hdlr", &handler),
            atom(*b"minf", &info),
        ]
        .concat();
        let mut header = words(&[0x0000_0007, 0, 0, 1, 0, samples]);
        header.resize(84, 0);
        let track = [atom(*b"tkhd", &header), atom(*b"mdia", &media)].concat();
        let mut movie = words(&[0, 0, 0, 8000, samples]);
        movie.resize(100, 0);
        [
            atom(*b"ftyp", b"M4A \0\0\0\0"),
            atom(*b"mdat", &vec![7; packets as usize * 10]),
            atom(
                *b"moov",
                &[atom(*b"mvhd", &movie), atom(*b"trak", &track)].concat(),
            ),
        ]
        .concat()
    }

    pub(super) fn au(encoding: u32, size: u32, sound: usize) -> Vec<u8> {
        [
            &b".snd"[..],
            &words(&[28, size, encoding, 8000, 1, 0]),
            &vec![1; sound],
        ]
        .concat()
    }

    pub(super) fn aiff(frames: u32) -> Vec<u8> {
        let common = [
            &2u16.to_be_bytes()[..],
            &frames.to_be_bytes(),
            &16u16.to_be_bytes(),
            // 8000 as an 80-bit float.
            &[0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let sound = vec![0; 8 + frames as usize * 4];
        let body = [
            &b"AIFF"[..],
            &atom_like(*b"COMM", &common),
            &atom_like(*b"SSND", &sound),
        ];
        atom_like(*b"FORM", &body.concat())
    }

    /// As an atom, but the size comes second and leaves out its own header.
    fn atom_like(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len()).unwrap();
        [&name[..], &size.to_be_bytes(), body].concat()
    }

    /// Windows Media of so many ticks of 100 ns, of which half a second is lead.
    pub(super) fn wma(ticks: u64) -> Vec<u8> {
        let object = |name: &[u8], body: &[u8]| {
            let size = body.len() as u64 + 24;
            [name, &size.to_le_bytes(), body].concat()
        };
        let size = 30 + 104 + 94 + 100;
        let mut file = vec![0; 80];
        file[16..24].copy_from_slice(&(size as u64).to_le_bytes());
        file[40..48].copy_from_slice(&ticks.to_le_bytes());
        file[56..64].copy_from_slice(&500u64.to_le_bytes());
        let file = object(
            b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\0\xc0\x0c\x20\x53\x65",
            &file,
        );
        let mut stream = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\0\x80\x5f\x5c\x44\x2b".to_vec();
        stream.resize(54, 0);
        stream.extend(format(0x161, 1, 8000, 16));
        let stream = object(
            b"\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\0\xc0\x0c\x20\x53\x65",
            &stream,
        );
        let mut whole = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11".to_vec();
        whole.resize(30, 0);
        whole.extend(file);
        whole.extend(stream);
        whole.resize(size, 0);
        whole
    }

    /// One of each, with a fitting name.
    pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("a.wav", wav(1, 2, 8000, 16, 3200)),
            (
                "a.wav",
                riff(&[
                    chunk(*b"fmt ", &blocks(0x31, 65, 320)),
                    chunk(*b"data", &[0; 650]),
                ]),
            ),
            ("a.mp3", mp3(20, true)),
            ("a.mp3", mp3(20, false)),
            ("a.aac", adts(30)),
            ("a.flac", flac(16_000)),
            ("a.opus", opus(48_312)),
            ("a.m4a", m4a(20)),
            ("a.au", au(1, 800, 800)),
            ("a.aiff", aiff(800)),
            ("a.gsm", [0xD0; 33].repeat(50)),
            ("a.wma", wma(20_000_000)),
        ]
    }
}

fn read(bytes: &[u8], name: &str) -> Result<Probe, ProbeError> {
    probe_reader(
        Cursor::new(bytes.to_vec()),
        bytes.len() as u64,
        name,
        Depth::Length,
    )
}

/// Codec, channels, rate and milliseconds of a file that is whole and rightly named.
fn told(bytes: &[u8], name: &str) -> (String, Option<u16>, Option<u32>, Option<i64>) {
    let probe = read(bytes, name).unwrap();
    assert!(!probe.is_cut() && !probe.mislabelled, "{name}: {probe:?}");
    (
        probe.codec.to_string(),
        probe.channels,
        probe.rate,
        milliseconds(&probe),
    )
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "test recordings last seconds"
)]
fn milliseconds(probe: &Probe) -> Option<i64> {
    probe
        .seconds
        .map(|seconds| (seconds * 1000.0).round() as i64)
}

#[test]
fn the_codecs_of_telephony_are_named_and_measured() {
    for (tag, bits, bytes, codec) in [
        (0x01, 16, 32_000, "PCM 16 bit"),
        (0x01, 8, 16_000, "PCM 8 bit"),
        (0x03, 32, 64_000, "PCM float"),
        (0x06, 8, 16_000, "A-law"),
        (0x07, 8, 16_000, "µ-law"),
    ] {
        let bytes = made::wav(tag, 1, 8000, bits, bytes);
        let expected = (codec.to_owned(), Some(1), Some(8000), Some(2000));
        assert_eq!(told(&bytes, "a.wav"), expected);
    }
}

#[test]
fn codecs_in_blocks_are_measured_by_their_blocks() {
    for (tag, block, samples, codec) in [
        (0x31, 65, 320, "GSM 06.10"),
        (0x02, 256, 500, "Microsoft ADPCM"),
        (0x11, 256, 505, "IMA ADPCM"),
    ] {
        let format = made::chunk(*b"fmt ", &made::blocks(tag, block, samples));
        let sound = made::chunk(*b"data", &vec![1; usize::from(block) * 80]);
        let probe = read(&made::riff(&[format, sound]), "a.wav").unwrap();
        assert_eq!(probe.codec, codec);
        assert_eq!(milliseconds(&probe), Some(i64::from(samples) * 10));
    }
}

#[test]
fn an_extensible_format_is_its_sub_format() {
    let mut format = made::format(0xFFFE, 2, 8000, 16);
    format.extend([22, 0, 16, 0, 3, 0, 0, 0, 7, 0]);
    format.extend([0; 14]);
    let bytes = made::riff(&[
        made::chunk(*b"fmt ", &format),
        made::chunk(*b"data", &[1; 100]),
    ]);
    assert_eq!(read(&bytes, "a.wav").unwrap().codec, "µ-law");
}

#[test]
fn an_unknown_format_keeps_its_number() {
    let probe = read(&made::wav(0xABCD, 1, 8000, 8, 80), "a.wav").unwrap();
    assert_eq!(probe.codec, "WAV format 0xABCD");
}

#[test]
fn a_streamed_header_is_measured_by_the_file_and_a_cut_file_is_told() {
    let whole = made::wav(1, 1, 8000, 16, 16_000);
    for size in [0, u32::MAX] {
        let mut streamed = whole.clone();
        streamed[40..44].copy_from_slice(&size.to_le_bytes());
        assert_eq!(told(&streamed, "a.wav").3, Some(1000));
    }
    let cut = read(&whole[..whole.len() / 2], "a.wav").unwrap();
    assert!(cut.is_cut());
    assert_eq!(milliseconds(&cut), Some(499));
}

#[test]
fn an_empty_sound_before_another_chunk_stays_empty() {
    let format = made::chunk(*b"fmt ", &made::format(1, 1, 8000, 16));
    let list = made::chunk(*b"LIST", b"INFOISFT\x04\0\0\0none");
    let bytes = made::riff(&[format, made::chunk(*b"data", b""), list]);
    assert_eq!(told(&bytes, "a.wav").3, Some(0));
}

#[test]
fn sizes_of_64_bits_are_read() {
    let mut long = [0; 28];
    long[8..16].copy_from_slice(&16_000u64.to_le_bytes());
    let mut bytes = made::riff(&[
        made::chunk(*b"ds64", &long),
        made::chunk(*b"fmt ", &made::format(1, 1, 8000, 16)),
        made::chunk(*b"data", &[0; 16_000]),
    ]);
    bytes[..4].copy_from_slice(b"RF64");
    let data = bytes.len() - 16_004;
    bytes[data..data + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(told(&bytes, "a.wav").3, Some(1000));
    bytes.truncate(12_000);
    assert!(read(&bytes, "a.wav").unwrap().is_cut());
}

#[test]
fn wave64_is_read() {
    let guid = |name: [u8; 4]| [&name[..], &[0; 12]].concat();
    let format = made::format(1, 2, 8000, 16);
    let bytes = [
        b"riff\x2e\x91\xcf\x11".to_vec(),
        vec![0; 32],
        guid(*b"fmt "),
        40u64.to_le_bytes().to_vec(),
        format,
        guid(*b"data"),
        (24u64 + 32_000).to_le_bytes().to_vec(),
        vec![0; 32_000],
    ]
    .concat();
    let expected = ("PCM 16 bit".to_owned(), Some(2), Some(8000), Some(1000));
    assert_eq!(told(&bytes, "a.w64"), expected);
    assert!(read(&bytes[..20_000], "a.w64").unwrap().is_cut());
}

#[test]
fn the_sample_count_is_used_where_blocks_do_not_tell() {
    let format = made::chunk(*b"fmt ", &made::format(0x55, 1, 8000, 8));
    let fact = made::chunk(*b"fact", &24_000u32.to_le_bytes());
    let bytes = made::riff(&[format, fact, made::chunk(*b"data", &[1; 6000])]);
    let expected = ("MP3".to_owned(), Some(1), Some(8000), Some(3000));
    assert_eq!(told(&bytes, "a.wav"), expected);
}

#[test]
fn au_and_aiff_and_raw_gsm_are_read() {
    let gsm = ("GSM 06.10".to_owned(), Some(1), Some(8000), Some(1000));
    assert_eq!(told(&[0xD0; 33].repeat(50), "a.gsm"), gsm);
    let au = ("µ-law".to_owned(), Some(1), Some(8000), Some(100));
    assert_eq!(told(&made::au(1, 800, 800), "a.au"), au);
    assert_eq!(told(&made::au(1, u32::MAX, 800), "a.au"), au);
    assert!(read(&made::au(1, 8000, 800), "a.au").unwrap().is_cut());
    let aiff = ("PCM".to_owned(), Some(2), Some(8000), Some(100));
    assert_eq!(told(&made::aiff(800), "a.aiff"), aiff);
}

#[test]
fn mpeg_audio_is_measured_with_and_without_its_header() {
    let expected = ("MP3".to_owned(), Some(1), Some(44_100), Some(2612));
    assert_eq!(told(&made::mp3(100, true), "a.mp3"), expected);
    assert_eq!(told(&made::mp3(100, false), "a.mp3"), expected);
    let tagged = [
        b"ID3\x04\0\0\0\0\0\x0a".to_vec(),
        vec![0; 10],
        made::mp3(100, true),
    ]
    .concat();
    assert_eq!(told(&tagged, "a.mp3"), expected);
    let cut = &made::mp3(100, true)[..20_000];
    assert!(read(cut, "a.mp3").unwrap().is_cut());
}

#[test]
fn aac_flac_opus_and_mpeg_4_are_measured() {
    let aac = ("AAC".to_owned(), Some(1), Some(8000), Some(3840));
    assert_eq!(told(&made::adts(30), "a.aac"), aac);
    let flac = ("FLAC".to_owned(), Some(2), Some(8000), Some(2000));
    assert_eq!(told(&made::flac(16_000), "a.flac"), flac);
    let opus = ("Opus".to_owned(), Some(2), Some(48_000), Some(1000));
    assert_eq!(told(&made::opus(48_312), "a.opus"), opus);
    let m4a = ("AAC".to_owned(), Some(1), Some(8000), Some(2560));
    assert_eq!(told(&made::m4a(20), "a.m4a"), m4a);
}

#[test]
fn cut_ogg_and_mpeg_4_files_are_told() {
    let opus = made::opus(48_312);
    let cut = read(&opus[..opus.len() - 33], "a.opus").unwrap();
    assert!(cut.is_cut(), "{cut:?}");
    let mut m4a = made::m4a(20);
    // The sound after the header, as files for streaming have it.
    let mdat = m4a.drain(16..224).collect::<Vec<_>>();
    m4a.extend(&mdat[..100]);
    assert!(read(&m4a, "a.m4a").unwrap().is_cut());
}

#[test]
fn a_cut_flac_file_ends_with_an_early_frame() {
    let frames: Vec<u8> = (0..4).flat_map(made::flac_frame).collect();
    let whole = [made::flac(16_000), frames].concat();
    assert!(!read(&whole, "a.flac").unwrap().is_cut());
    // Sound may look like a header, but hardly like one of the same recording.
    for layout in [0x08, 0xB8, 0x19] {
        let alike = [&whole[..], &made::flac_frame_like(layout, 0)].concat();
        assert!(!read(&alike, "a.flac").unwrap().is_cut(), "{layout}");
    }
    let cut = read(&whole[..whole.len() - 150], "a.flac").unwrap();
    assert!(cut.is_cut());
    assert_eq!(
        cut.seconds.map(|seconds| seconds * 8000.0),
        Some(3.0 * 4096.0)
    );
}

#[test]
fn a_cut_file_is_as_long_as_what_is_there() {
    let cut = &made::mp3(100, true)[..417 * 41];
    let cut = read(cut, "a.mp3").unwrap();
    assert!(cut.is_cut());
    assert!(cut.seconds.unwrap() < 1.1, "{cut:?}");
}

#[test]
fn windows_media_is_read() {
    let wma = made::wma(20_000_000);
    let expected = ("WMA".to_owned(), Some(1), Some(8000), Some(1500));
    assert_eq!(told(&wma, "a.wma"), expected);
    assert!(read(&wma[..wma.len() - 10], "a.wma").unwrap().is_cut());
}

#[test]
fn a_wrong_ending_is_told() {
    assert!(read(&made::mp3(20, true), "a.wav").unwrap().mislabelled);
    assert!(
        read(&made::wav(1, 1, 8000, 16, 800), "a.mp3")
            .unwrap()
            .mislabelled
    );
    assert!(
        !read(&made::wav(1, 1, 8000, 16, 800), "a")
            .unwrap()
            .mislabelled
    );
}

#[test]
fn no_sound_no_bytes_and_no_audio_are_errors() {
    assert!(matches!(read(b"", "a.wav"), Err(ProbeError::Empty)));
    assert!(matches!(
        read(b"<html>", "a.wav"),
        Err(ProbeError::NotSound(_))
    ));
    let header = made::riff(&[made::chunk(*b"fmt ", &made::format(1, 1, 8000, 16))]);
    assert!(is_soundless(&header, "a.wav"));
    assert!(is_soundless(&made::wav(1, 0, 8000, 16, 8), "a.wav"));
}

fn is_soundless(bytes: &[u8], name: &str) -> bool {
    matches!(read(bytes, name), Err(ProbeError::Soundless { .. }))
}

/// Bytes without meaning, the same at every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

#[test]
fn a_signature_before_zeros_or_noise_is_no_sound() {
    let starts: [(&str, &[u8]); 10] = [
        ("a.wav", b"RIFF\0\x20\0\0WAVE"),
        ("a.wav", b"RIFF"),
        ("a.aiff", b"FORM\0\0\x20\0"),
        ("a.mp3", b"ID3\x04\0\0\0\0\0\x0a"),
        ("a.ogg", b"OggS\0\x02"),
        ("a.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"),
        ("a.mka", b"\x1a\x45\xdf\xa3"),
        ("a.amr", b"#!AMR\n"),
        ("a.caf", b"caff\0\x01\0\0"),
        ("a.au", b".snd\0\0\0\x18"),
    ];
    for (name, start) in starts {
        let zeros = [start, &[0; 8192]].concat();
        assert!(is_soundless(&zeros, name), "{name} {start:?}");
    }
    for (name, start) in [0, 1, 2, 3].map(|at| starts[at]) {
        let noise = [start, &noise(8192)].concat();
        assert!(
            is_soundless(&noise, name),
            "{name} {:?}",
            read(&noise, name)
        );
    }
}

#[test]
fn zeros_behind_a_whole_header_are_silence_where_they_can_be() {
    let hollow = |tag, bits| {
        let mut file = made::wav(tag, 1, 8000, bits, 8000);
        file[44..].fill(0);
        file
    };
    assert!(read(&hollow(1, 16), "a.wav").unwrap().is_silent);
    assert!(
        !read(&made::wav(1, 1, 8000, 16, 8000), "a.wav")
            .unwrap()
            .is_silent
    );
    for (tag, bits) in [(1, 8), (6, 8), (7, 8), (0x31, 0), (0x55, 0)] {
        assert!(is_soundless(&hollow(tag, bits), "a.wav"), "{tag}");
    }
    // AU keeps 8 bits with a sign; its A-law and µ-law are those of everybody.
    for (encoding, is_silence) in [(2, true), (3, true), (1, false), (27, false)] {
        let mut file = made::au(encoding, 8000, 8000);
        file[28..].fill(0);
        match read(&file, "a.au") {
            Ok(probe) => assert!(is_silence && probe.is_silent, "{encoding}"),
            Err(error) => assert!(!is_silence, "{encoding}: {error}"),
        }
    }
    for (tag, block, samples) in [(0x02, 256, 500), (0x11, 256, 505)] {
        let format = made::chunk(*b"fmt ", &made::blocks(tag, block, samples));
        let sound = made::chunk(*b"data", &vec![0; usize::from(block) * 80]);
        let file = made::riff(&[format, sound]);
        assert!(read(&file, "a.wav").unwrap().is_silent, "{tag}");
    }
    let mut late = hollow(7, 8);
    late.push(1);
    assert!(read(&late, "a.wav").is_ok());
}

#[test]
fn a_file_of_a_few_bytes_is_no_sound_unless_it_needs_no_header() {
    for (bytes, name) in [
        (&b"Not found"[..], "a.wav"),
        (b"{\"error\":\"x\"}", "a.wav"),
        (&[0x81; 10], "a.mp3"),
        (&made::mp3(1, false)[..10], "a.mp3"),
        (&[1; 60], "a.unknown"),
    ] {
        let read = read(bytes, name);
        assert!(
            matches!(read, Err(ProbeError::NotSound(_))),
            "{name}: {read:?}"
        );
    }
    let cut = |bytes: &[u8], name| matches!(read(bytes, name), Err(ProbeError::Cut(_)));
    assert!(cut(&made::mp3(1, false)[..300], "a.mp3"));
    assert!(cut(b"RIFF\0\0", "a.wav"));
    assert!(cut(b"ID3\x04\0\0\0\0\x20\x0a", "a.mp3"));
    assert!(matches!(
        read(&[0x81; 10], "a.ulaw"),
        Err(ProbeError::Unknown)
    ));
    assert!(matches!(
        read(&noise(500), "a.wav"),
        Err(ProbeError::Unknown)
    ));
}

/// Every container whose header says how long the file is.
#[test]
fn a_file_that_is_shorter_than_its_header_says_is_cut() {
    let data = made::wav(1, 1, 8000, 16, 8000);
    let files = [
        ("a.wav", data.clone()),
        ("a.wav", made::wav(7, 2, 8000, 8, 8000)),
        ("a.mp3", made::mp3(20, true)),
        ("a.au", made::au(1, 800, 800)),
        ("a.aiff", made::aiff(800)),
        ("a.ogg", made::opus(48_000)),
    ];
    for (name, whole) in files {
        assert!(!read(&whole, name).unwrap().is_cut(), "{name}");
        for end in [whole.len() - 2, whole.len() * 3 / 5] {
            // An MP3 may be short by a frame, since writers count their own header or do not.
            if name == "a.mp3" && end + 4096 > whole.len() {
                continue;
            }
            let is_cut = match read(&whole[..end], name) {
                // A page that is whole may be the last.
                Ok(probe) => probe.is_cut() || (name == "a.ogg" && probe.end == FileEnd::Unmarked),
                Err(error) => matches!(error, ProbeError::Cut(_)),
            };
            assert!(is_cut, "{name} {end}");
        }
    }
    for end in [12, 20, 30, 40] {
        assert!(matches!(
            read(&data[..end], "a.wav"),
            Err(ProbeError::Cut(Container::Wav))
        ));
    }
}

#[test]
fn a_header_that_leaves_the_length_open_is_whole() {
    for size in [
        0,
        u32::MAX,
        0x7FFF_F000,
        0x8000_0000,
        0xFFFF_FFDB,
        8044,
        8036,
    ] {
        let mut wav = made::wav(1, 1, 8000, 16, 8000);
        assert_eq!(wav.len(), 8044);
        wav[40..44].copy_from_slice(&size.to_le_bytes());
        let probe = read(&wav, "a.wav").unwrap();
        assert!(!probe.is_cut(), "{size:x}");
        assert_eq!(probe.seconds, Some(0.5), "{size:x}");
        let mut au = made::au(1, 800, 800);
        au[8..12].copy_from_slice(&size.max(0x7F00_0000).to_be_bytes());
        assert!(!read(&au, "a.au").unwrap().is_cut(), "{size:x}");
    }
}

#[test]
fn zeros_are_no_sound_unless_something_follows() {
    assert!(matches!(
        read(&vec![0; 20_000], "a.wav"),
        Err(ProbeError::Blank)
    ));
    let mut late = vec![0; 20_000];
    late[19_999] = 1;
    assert!(matches!(read(&late, "a.wav"), Err(ProbeError::Unknown)));
    // Silence in a file that has a header is silence.
    let mut silent = made::wav(1, 1, 8000, 16, 8000);
    silent[44..].fill(0);
    assert!(read(&silent, "a.wav").is_ok());
}

#[test]
fn a_header_is_all_that_is_read_where_that_was_asked() {
    let stream = made::mp3(400, false);
    let length = stream.len() as u64;
    let look = |depth| probe_reader(Cursor::new(stream.clone()), length, "a.mp3", depth).unwrap();
    let (header, whole) = (look(Depth::Header), look(Depth::Length));
    assert_eq!((header.channels, header.seconds), (Some(1), None));
    assert_eq!(header.channels, whole.channels);
    assert!(whole.seconds.is_some());
}

#[test]
fn a_chain_of_empty_chunks_ends() {
    let bytes = made::riff(&vec![made::chunk(*b"JUNK", b""); 100_000]);
    assert!(is_soundless(&bytes, "a.wav"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn cut_files_never_panic(which in 0..12usize, cut in any::<prop::sample::Index>()) {
        let (name, bytes) = made::all().swap_remove(which);
        let _ = read(&bytes[..cut.index(bytes.len())], name);
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0..12usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (name, mut bytes) = made::all().swap_remove(which);
        let header = bytes.len().min(600);
        for (at, byte) in damage {
            bytes[at.index(header)] = byte;
        }
        if let Ok(probe) = read(&bytes, name) {
            prop_assert!(probe.seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0));
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), which in 0..12usize) {
        let (name, whole) = made::all().swap_remove(which);
        let _ = read(&bytes, name);
        let _ = read(&[&whole[..16], &bytes[..]].concat(), name);
    }
}
