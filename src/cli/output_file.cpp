#include "cli/output_file.hpp"

#include <stdexcept>
#include <system_error>

namespace nearline::cli {

namespace {

namespace fs = std::filesystem;

/// The file itself where the name is a link to it: the link stays one.
fs::path behind_links(const std::string& name) {
    std::error_code error;
    auto path = fs::canonical(name, error);
    return error ? fs::path(name) : path;
}

}  // namespace

OutputFile::OutputFile(const std::string& name) : target_(behind_links(name)), path_(target_) {
    if (fs::is_directory(target_)) throw std::runtime_error(name + ": is a folder");
    // Behind /dev/stdout may be a file, but it is others' who write to it, too.
    const bool is_device = name.starts_with("/dev/") || (fs::exists(target_) && !fs::is_regular_file(target_));
    if (!is_device) path_ += ".partial";
    out_.open(path_, std::ios::binary | std::ios::trunc);
    if (!out_) throw std::runtime_error(path_.string() + ": can't be written");
}

OutputFile::~OutputFile() {
    if (out_.is_open()) leave();
}

void OutputFile::finish() {
    out_.close();
    if (!out_) throw std::runtime_error(path_.string() + ": can't be written");
    if (!is_partial()) return;
    std::error_code error;
    if (fs::exists(target_)) fs::permissions(path_, fs::status(target_).permissions(), error);
    fs::rename(path_, target_, error);
    if (error) {
        throw std::runtime_error(target_.string() + ": can't be written (" + error.message() + "); all of it is in " +
                                 path_.string());
    }
}

std::string OutputFile::leave() {
    out_.close();
    if (!is_partial()) return "";
    std::error_code error;
    if (fs::file_size(path_, error) > 0 && !error) return path_.string();
    fs::remove(path_, error);
    return "";
}

}  // namespace nearline::cli
