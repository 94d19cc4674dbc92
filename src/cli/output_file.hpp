#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace nearline::cli {

/// A file that is there under its own name only when it is whole. Until finish() it is `NAME.partial` beside it,
/// where whoever stopped in the middle finds what there was; one from before is written over. What is there
/// already under the name stays as it is until then. Devices and pipes are written to as they are.
class OutputFile {
public:
    /// Throws std::runtime_error, with the name, when it can't be written.
    explicit OutputFile(const std::string& name);
    /// Takes the partial file away when nothing was written.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    std::ostream& stream() noexcept { return out_; }

    /// It is whole: gives it its name. Throws std::runtime_error when it can't.
    void finish();
    /// It stays partial. Gives where it is; "" when nothing was written, or it is no file that could be partial.
    std::string leave();

    /// Where it is until it is whole; for what can't be partial its own name.
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    bool is_partial() const noexcept { return path_ != target_; }

    std::filesystem::path target_;
    std::filesystem::path path_;
    std::ofstream out_;
};

}  // namespace nearline::cli
