//! SOPS files: formats, encrypted values, data keys, MAC, configuration.
