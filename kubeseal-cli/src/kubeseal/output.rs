//! Writing objects as JSON or YAML, byte for byte as upstream does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::error::Error;
use crate::Io;
use crate::io::Readers;
use crate::yaml;

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

/// Where output goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// None for standard output.
    pub(super) file: Option<PathBuf>,
    pub(super) format: Format,
}

impl Format {
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        match name.to_ascii_lowercase().as_str() {
            "" | "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            _ => Err(Error::OutputFormat {
                name: name.to_owned(),
            }),
        }
    }

    /// Only the extensions of YAML say anything.
    pub(super) fn of_file_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        (extension == "yaml" || extension == "yml").then_some(Self::Yaml)
    }

    /// Returns the format that a file is in.
    pub(super) fn of_content(bytes: &[u8]) -> Self {
        if bytes.trim_ascii_start().starts_with(b"{") {
            Self::Json
        } else {
            Self::Yaml
        }
    }
}

/// Returns objects one after the other.
pub(super) fn render(objects: &[Value], format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    for object in objects {
        match format {
            Format::Json => {
                let mut serializer = Serializer::with_formatter(&mut bytes, AsGo::default());
                // A value in memory has nothing that could fail to be written to memory.
                drop(object.serialize(&mut serializer));
                bytes.push(b'\n');
            }
            Format::Yaml => {
                bytes.extend_from_slice(b"---\n");
                bytes.extend_from_slice(yaml::document(object).as_bytes());
            }
        }
    }
    bytes
}

/// Writes finished bytes to where they belong.
pub(super) fn write(
    bytes: &[u8],
    file: Option<&Path>,
    readers: Readers,
    io: &mut Io,
) -> Result<(), Error> {
    match file {
        None => print(io, bytes),
        Some(path) => io
            .replace_file(path, bytes, readers)
            .map_err(|cause| Error::WriteFile {
                path: path.to_owned(),
                cause,
            }),
    }
}

/// Writes to standard output.
pub(super) fn print(io: &mut Io, bytes: &[u8]) -> Result<(), Error> {
    io.write_stdout(bytes)
        .map_err(|source| Error::WriteOutput { source })
}

/// Two spaces of indent, and the characters escaped that upstream's encoder escapes.
#[derive(Default)]
struct AsGo<'a>(PrettyFormatter<'a>);

impl Formatter for AsGo<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for piece in fragment.split_inclusive(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let mut characters = piece.chars();
            match characters.next_back() {
                Some(last @ ('<' | '>' | '&' | '\u{2028}' | '\u{2029}')) => {
                    write!(writer, "{}\\u{:04x}", characters.as_str(), u32::from(last))?;
                }
                _ => writer.write_all(piece.as_bytes())?,
            }
        }
        Ok(())
    }
}
