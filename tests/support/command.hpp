#pragma once

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace nearline::test {

/// What a shell command prints, without its last newline. Throws where it fails.
inline std::string output_of(const std::string& command) {
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell for: " + command);
    std::string output;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) output += buffer.data();
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
    return output.substr(0, output.find('\n'));
}

}  // namespace nearline::test
