//! The members of a gzip file, one after the other, and the zeros that tapes leave behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Reads all members of a gzip file. Zeros between and behind them are padding and no data.
pub(super) struct Members<R> {
    /// `None` behind the last member.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(source: R) -> Self {
        Members {
            decoder: Some(GzDecoder::new(source)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            skip_zeros(decoder.get_mut())?;
            let is_last = decoder.get_mut().fill_buf()?.is_empty();
            let source = self.decoder.take().map(GzDecoder::into_inner);
            self.decoder = source.filter(|_| !is_last).map(GzDecoder::new);
        }
    }
}

fn skip_zeros(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let data = source.fill_buf()?;
        let zeros = data.iter().take_while(|byte| **byte == 0).count();
        let is_over = zeros < data.len() || data.is_empty();
        source.consume(zeros);
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        let source = io::BufReader::with_capacity(7, bytes);
        Members::new(source).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn zeros_between_and_behind_members_are_no_data() {
        let (one, other) = (member("a,b\n"), member("1,2\n"));
        let zeros = vec![0; 512];
        assert_eq!(
            read(&[one.clone(), zeros.clone()].concat()).unwrap(),
            "a,b\n"
        );
        let all = [&one[..], &zeros, &other, &zeros].concat();
        assert_eq!(read(&all).unwrap(), "a,b\n1,2\n");
    }

    #[test]
    fn what_is_no_member_is_an_error_and_so_is_a_cut_one() {
        let one = member("a,b\n");
        assert!(read(&[&one[..], b"\0\0garbage"].concat()).is_err());
        let cut = read(&one[..one.len() - 3]).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}
