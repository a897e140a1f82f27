//! Files in the gzip format, stored and not compressed: numbers that look random hardly get smaller.

/// The maximum length of a stored block.
const BLOCK: usize = 0xffff;

/// Puts data into a gzip file.
pub(super) fn pack(data: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(data.len() + data.len() / BLOCK * 5 + 32);
    // The format, the method (deflate), and no name, no time, no system.
    file.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    let mut rest = data;
    loop {
        let (block, after) = rest.split_at(rest.len().min(BLOCK));
        rest = after;
        // A block is at most as long as two bytes can say.
        let length = block.len() as u16;
        file.push(u8::from(rest.is_empty()));
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
        if rest.is_empty() {
            break;
        }
    }
    file.extend(crc32(data).to_le_bytes());
    // The length modulo 2^32, as the format has it.
    file.extend((data.len() as u32).to_le_bytes());
    file
}

/// The checksum of ISO 3309.
fn crc32(data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, byte: &u8| {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        TABLE[index as usize] ^ (crc >> 8)
    };
    !data.iter().fold(!0, step)
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn blocks_hold_the_data() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7] {
            let data: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let file = pack(&data);
            let (mut at, mut read, mut last) = (10, Vec::<u8>::new(), false);
            while !last {
                last = file[at] == 1;
                let size = u16::from_le_bytes([file[at + 1], file[at + 2]]);
                assert_eq!(!size, u16::from_le_bytes([file[at + 3], file[at + 4]]));
                read.extend(&file[at + 5..at + 5 + usize::from(size)]);
                at += 5 + usize::from(size);
            }
            assert!(read == data, "{length}");
            assert_eq!(file[at..at + 4], crc32(&data).to_le_bytes());
            assert_eq!(file[at + 4..], (length as u32).to_le_bytes());
        }
    }
}
