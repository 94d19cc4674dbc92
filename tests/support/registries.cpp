#include "support/registries.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <unistd.h>

namespace nearline::test {

std::string output_of(const std::string& command) {
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell for: " + command);
    std::string output;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) output += buffer.data();
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
    return output.substr(0, output.find('\n'));
}

const std::string& apicurio_url() {
    static const std::string given = [] {
        const char* const url = std::getenv("NEARLINE_TEST_REGISTRY");
        return std::string(url == nullptr ? "" : url);
    }();
    if (!given.empty()) return given;
    static const TempDir dir;
    static const std::string own = output_of("tests/servers/apicurio start '" + (dir / "apicurio") +
                                             "' --until-exit-of " + std::to_string(::getpid()));
    return own;
}

}  // namespace nearline::test
