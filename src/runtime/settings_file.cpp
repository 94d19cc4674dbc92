#include "runtime/settings_file.hpp"

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <toml++/toml.h>

#include "runtime/setting_values.hpp"

namespace nearline {

namespace {

std::optional<std::string> scalar(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
    if (const auto* number = node.as_floating_point()) return setting_values::format_number(number->get());
    if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
    return std::nullopt;
}

FileEntry to_entry(const std::string& path, std::string key, const toml::node& node) {
    FileEntry entry{std::move(key), {}, path + ":" + std::to_string(node.source().begin.line), {}};
    const auto* list = node.as_array();
    if (node.is_table()) {
        entry.problem = "settings have no sections: write every setting at the top level";
    } else if (list != nullptr) {
        for (const auto& element : *list) {
            const auto value = scalar(element);
            if (!value) entry.problem = "must be a list of texts or numbers";
            entry.values.push_back(value.value_or(""));
        }
    } else if (const auto value = scalar(node)) {
        entry.values.push_back(*value);
    } else {
        entry.problem = "must be a text, a number, true, false or a list of them";
    }
    return entry;
}

}  // namespace

std::vector<FileEntry> read_settings_file(const std::string& path) {
    // A folder opens and then reads as empty: it would count as a file without settings.
    if (!std::filesystem::is_regular_file(path) && !std::filesystem::is_fifo(path)) {
        throw std::runtime_error(path + ": there is no such file");
    }
    try {
        const toml::table table = toml::parse_file(path);
        std::vector<FileEntry> entries;
        for (const auto& [key, node] : table) entries.push_back(to_entry(path, std::string(key.str()), node));
        return entries;
    } catch (const toml::parse_error& e) {
        const auto line = e.source().begin.line;
        throw std::runtime_error(path + (line > 0 ? ":" + std::to_string(line) : "") + ": " +
                                 std::string(e.description()));
    }
}

}  // namespace nearline
