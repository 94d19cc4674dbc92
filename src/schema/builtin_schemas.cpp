#include "schema/builtin_schemas.hpp"

// Made by nearline_text_constant (cmake/Rooms.cmake).
namespace nearline::embedded_text {
extern const std::string_view iris_input_schema;
extern const std::string_view iris_output_schema;
}  // namespace nearline::embedded_text

namespace nearline::schema {

std::string_view iris_input() noexcept {
    return embedded_text::iris_input_schema;
}
std::string_view iris_output() noexcept {
    return embedded_text::iris_output_schema;
}

}  // namespace nearline::schema
