#include "support/registries.hpp"

#include <cstdlib>
#include <unistd.h>

#include "support/command.hpp"

namespace nearline::test {

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
