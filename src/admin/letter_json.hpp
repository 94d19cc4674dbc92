#pragma once

#include <string>

#include "admin/letter_page.hpp"

namespace nearline::admin {

/// One line of a list: {"topic","partition","offset","timestamp","time","state","stage","class","reason",
/// "origin":{"topic","partition","offset"},"key","size"}, `size` being the bytes of key, value and headers.
std::string letter_to_json(const Letter& letter);

/// The same with all there is: "headers", and the value: "schema_id" and "value" where it is JSON in
/// Confluent's frame, else "value_hex", and "value_text" where it is text; of a stub "value_size" and
/// "value_sha256".
std::string whole_letter_to_json(const Letter& letter);

}  // namespace nearline::admin
