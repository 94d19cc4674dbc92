// A body that anybody may have sent: it is refused with a place, or means the same when it is written again.

#include "domain/json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "fuzz/target.hpp"

using namespace nearline;
using nearline::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::as_text(data, size);
    const auto value = parse_json(text);
    if (!value) {
        const auto& problem = value.error();
        require(problem.status == 400, "a refusal is a 400");
        require(problem.detail.find("line ") != std::string::npos, "it says where");
        return 0;
    }
    const auto again = boost::json::serialize(*value);
    // Numbers beyond a double are infinities here, which JSON can't write; Boost writes what it can't read.
    if (again.find("Infinity") != std::string::npos || again.find("1e99999") != std::string::npos) return 0;
    const auto reread = parse_json(again);
    require(reread.has_value() && *reread == *value, "written again it means the same");
    return 0;
}
