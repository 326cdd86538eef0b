use std::path::PathBuf;

use super::*;

/// Returns an ELF file with one program header of the given kind that covers `content`.
fn program(kind: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
    bytes[0x20..0x28].copy_from_slice(&64_u64.to_le_bytes());
    bytes[0x36..0x38].copy_from_slice(&56_u16.to_le_bytes());
    bytes[0x38..0x3a].copy_from_slice(&1_u16.to_le_bytes());
    let mut header = vec![0; 56];
    header[..4].copy_from_slice(&kind.to_le_bytes());
    header[8..16].copy_from_slice(&120_u64.to_le_bytes());
    header[32..40].copy_from_slice(&u64::try_from(content.len()).unwrap().to_le_bytes());
    bytes.extend(header);
    bytes.extend(content);
    bytes
}

#[test]
fn loader_is_the_one_the_program_names() {
    let bytes = program(INTERPRETER, b"/lib64/ld-linux-x86-64.so.2\0");
    let loader = PathBuf::from("/lib64/ld-linux-x86-64.so.2");
    assert_eq!(linkage(&bytes), Ok(Linkage::Dynamic(loader)));
}

#[test]
fn program_without_loader_is_static() {
    assert_eq!(linkage(&program(1, b"code")), Ok(Linkage::Static));
}

#[test]
fn no_prefix_of_a_program_panics() {
    let bytes = program(INTERPRETER, b"/loader\0");
    for length in 0..bytes.len() {
        linkage(&bytes[..length]).unwrap_err();
    }
    assert_eq!(linkage(b"#!/bin/sh\n"), Err(ReadElf::Format));
}

#[test]
fn header_that_points_anywhere_is_refused() {
    let mut bytes = program(INTERPRETER, b"/loader\0");
    bytes[0x20..0x28].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(linkage(&bytes), Err(ReadElf::Truncated));
}
