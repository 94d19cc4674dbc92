#pragma once

#include <string>
#include <vector>

namespace nearline {

/// One key of a settings file.
struct FileEntry {
    std::string key;
    std::vector<std::string> values;  ///< one, or those of a list
    std::string place;                ///< "nearline.toml:12"
    std::string problem;              ///< why it can't be a setting; empty: it can
};

/// Reads a settings file (TOML 1.0). Throws std::runtime_error, with the line, when it can't be read.
std::vector<FileEntry> read_settings_file(const std::string& path);

}  // namespace nearline
