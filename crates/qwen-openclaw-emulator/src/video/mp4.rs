//! Small playable MP4 files (ISO/IEC 14496-12) for results.

use bytes::Bytes;

use super::h264::{self, Color, Size};

/// Pictures a second.
const RATE: u32 = 24;

/// How many pictures lie between two key pictures: a new color every five seconds.
const KEY_EVERY: u32 = 5 * RATE;

/// Makes a clip without sound: a color that follows from `seed`, another one every five seconds.
///
/// A clip of 15 s in 1920x1080 has some 35 KB.
pub(super) fn clip(width: u32, height: u32, seconds: u64, seed: u64) -> Bytes {
    let size = Size { width, height };
    // Longer ones than the service makes would only take memory.
    let count = u32::try_from(seconds).unwrap_or(60).clamp(1, 60) * RATE;
    let samples: Vec<Vec<u8>> = (0..count)
        .map(|number| {
            let (key, since) = (number / KEY_EVERY, number % KEY_EVERY);
            let unit = match since {
                0 => h264::key_picture(size, color(seed, key), key),
                _ => h264::same_picture(size, since),
            };
            prefixed(unit)
        })
        .collect();
    let start = file_type().len() + movie(size, &samples, 0).len() + 8;
    let mut file = file_type();
    file.extend(movie(size, &samples, start));
    file.extend(boxed(b"mdat", &[&samples.concat()]));
    file.into()
}

/// A color, neither dark nor pale.
fn color(seed: u64, key: u32) -> Color {
    let bits = crate::id::splitmix(seed ^ u64::from(key));
    let part =
        |shift: u32, spread: u64| ((bits >> shift) % (2 * spread + 1)) as i32 - spread as i32;
    Color([part(0, 60), part(16, 40), part(32, 40)])
}

/// A unit after its length.
fn prefixed(unit: Vec<u8>) -> Vec<u8> {
    [&number(unit.len())[..], &unit].concat()
}

/// A length as the format has it. Nothing here comes near four gigabytes.
fn number(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&number(content.len() + 8)[..], name, &content].concat()
}

/// 32-bit numbers in a row.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// 16-bit numbers in a row.
fn halves(halves: &[u32]) -> Vec<u8> {
    let half = |half: &u32| [(half >> 8) as u8, *half as u8];
    halves.iter().flat_map(half).collect()
}

fn file_type() -> Vec<u8> {
    boxed(b"ftyp", &[b"isom", &words(&[0x200]), b"isomiso2avc1mp41"])
}

/// No rotation, no scaling.
fn matrix() -> Vec<u8> {
    words(&[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000])
}

/// The index. It goes before the data, which starts at `start`.
fn movie(size: Size, samples: &[Vec<u8>], start: usize) -> Vec<u8> {
    let length = samples.len() as u32;
    let header = boxed(
        b"mvhd",
        &[
            &words(&[0, 0, 0, RATE, length, 0x1_0000]),
            &halves(&[0x100, 0]),
            &words(&[0, 0]),
            &matrix(),
            &words(&[0, 0, 0, 0, 0, 0, 2]),
        ],
    );
    let track_header = boxed(
        b"tkhd",
        &[
            // Enabled, and part of the film.
            &words(&[3, 0, 0, 1, 0, length, 0, 0, 0, 0]),
            &matrix(),
            &words(&[size.width << 16, size.height << 16]),
        ],
    );
    let media_header = boxed(
        b"mdhd",
        // Language undetermined.
        &[&words(&[0, 0, 0, RATE, length, 0x55c4_0000])],
    );
    let handler = boxed(
        b"hdlr",
        &[&words(&[0, 0]), b"vide", &words(&[0, 0, 0]), b"video\0"],
    );
    let here = boxed(b"url ", &[&words(&[1])]);
    let references = boxed(b"dref", &[&words(&[0, 1]), &here]);
    let information = boxed(
        b"minf",
        &[
            &boxed(b"vmhd", &[&words(&[1, 0, 0])]),
            &boxed(b"dinf", &[&references]),
            &table(size, samples, start),
        ],
    );
    let media = boxed(b"mdia", &[&media_header, &handler, &information]);
    let track = boxed(b"trak", &[&track_header, &media]);
    boxed(b"moov", &[&header, &track])
}

/// Where each picture is.
fn table(size: Size, samples: &[Vec<u8>], start: usize) -> Vec<u8> {
    let count = samples.len() as u32;
    let mut sizes = words(&[0, 0, count]);
    for sample in samples {
        sizes.extend(number(sample.len()));
    }
    let keys: Vec<u32> = (1..=count).step_by(KEY_EVERY as usize).collect();
    boxed(
        b"stbl",
        &[
            &boxed(b"stsd", &[&words(&[0, 1]), &entry(size)]),
            &boxed(b"stts", &[&words(&[0, 1, count, 1])]),
            &boxed(b"stss", &[&words(&[0, keys.len() as u32]), &words(&keys)]),
            &boxed(b"stsc", &[&words(&[0, 1, 1, count, 1])]),
            &boxed(b"stsz", &[&sizes]),
            &boxed(b"stco", &[&words(&[0, 1]), &number(start)]),
        ],
    )
}

/// The description of the pictures, with H.264's parameter sets.
fn entry(size: Size) -> Vec<u8> {
    let (sequence, picture) = (h264::sequence(size), h264::picture());
    let configuration = boxed(
        b"avcC",
        &[
            &[1],
            &h264::PROFILE,
            // Lengths of four bytes; one set of each kind.
            &[0xff, 0xe1],
            &halves(&[sequence.len() as u32]),
            &sequence,
            &[1],
            &halves(&[picture.len() as u32]),
            &picture,
        ],
    );
    boxed(
        b"avc1",
        &[
            &words(&[0]),
            &halves(&[0, 1]),
            &words(&[0, 0, 0, 0]),
            &halves(&[size.width, size.height]),
            // 72 dots an inch, one picture a sample, no name.
            &words(&[0x48_0000, 0x48_0000, 0]),
            &halves(&[1]),
            &[0; 32],
            &halves(&[24, 0xffff]),
            &configuration,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The boxes of a level, with their content.
    fn boxes(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
            let name = String::from_utf8(bytes[4..8].to_vec()).unwrap();
            found.push((name, &bytes[8..length]));
            bytes = &bytes[length..];
        }
        found
    }

    fn inside<'a>(bytes: &'a [u8], path: &[&str]) -> &'a [u8] {
        path.iter().fold(bytes, |bytes, name| {
            let found = boxes(bytes).into_iter().find(|(found, _)| found == name);
            found.unwrap().1
        })
    }

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at * 4..at * 4 + 4].try_into().unwrap())
    }

    #[test]
    fn the_index_leads_to_every_picture() {
        let file = clip(1280, 720, 7, 1);
        let table = ["moov", "trak", "mdia", "minf", "stbl"];
        let in_table = |name| inside(&file, &[&table[..], &[name]].concat());
        let sizes = in_table("stsz");
        let count = word(sizes, 2);
        assert_eq!(count, 7 * RATE);
        let mut at = word(in_table("stco"), 2) as usize;
        for number in 0..count as usize {
            let size = word(sizes, 3 + number) as usize;
            assert_eq!(word(&file[at..], 0) as usize, size - 4);
            let key = number.is_multiple_of(KEY_EVERY as usize);
            assert_eq!(file[at + 4], if key { 0x65 } else { 0x41 });
            at += size;
        }
        assert_eq!(at, file.len());
        assert_eq!(in_table("stss"), words(&[0, 2, 1, KEY_EVERY + 1]));
        let header = inside(&file, &["moov", "mvhd"]);
        assert_eq!((word(header, 3), word(header, 4)), (RATE, count));
        let track = inside(&file, &["moov", "trak", "tkhd"]);
        assert_eq!((word(track, 19), word(track, 20)), (1280 << 16, 720 << 16));
    }

    #[test]
    fn clips_are_small_and_follow_from_the_seed() {
        let clip_of = |seed| clip(1920, 1080, 15, seed);
        assert!(clip_of(1).len() < 40_000, "{}", clip_of(1).len());
        assert_eq!(clip_of(1), clip_of(1));
        assert_ne!(clip_of(1), clip_of(2));
    }
}
