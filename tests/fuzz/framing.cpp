// The value of a record that anybody may have written: what has a frame is taken apart and put together again, and
// its JSON is checked against the topics' own schemas.

#include "schema/framing.hpp"

#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "fuzz/target.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/json_schema.hpp"

using namespace nearline;
using nearline::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto input = schema::JsonSchema::compile(schema::iris_input());
    static const auto output = schema::JsonSchema::compile(schema::iris_output());
    const auto value = fuzz::as_text(data, size);
    const auto frame = schema::unframe(value);
    require(frame.has_value() == (size >= 5 && value[0] == '\0'), "a frame is five bytes that begin with a zero");
    if (!frame) return 0;
    require(schema::frame(frame->schema_id, frame->payload) == value, "put together it is what it was");
    const auto document = parse_json(frame->payload);
    if (!document) return 0;
    for (const auto* schema : {input.get(), output.get()}) {
        for (const auto& violation : schema->validate(*document)) {
            require(violation.pointer.empty() || violation.pointer.front() == '/', "a place is a JSON pointer");
            require(!violation.detail.empty(), "a violation says what is wrong");
        }
    }
    return 0;
}
