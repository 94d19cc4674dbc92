#include <algorithm>
#include <sstream>

#include "runtime/settings.hpp"
#include "runtime/settings_impl.hpp"

namespace nearline {

namespace {

constexpr std::size_t text_column = 32;
constexpr std::size_t last_column = 100;

/// Text broken between words into lines that begin at `column`; the first one goes on where `out` is.
void wrap(std::string& out, std::size_t at, const std::string& text, std::size_t column) {
    std::istringstream words(text);
    bool first = true;
    for (std::string word; words >> word; first = false) {
        if (!first && at + 1 + word.size() > last_column) {
            out += "\n" + std::string(column, ' ');
            at = column;
            first = true;
        }
        out += (first ? "" : " ") + word;
        at += word.size() + (first ? 0 : 1);
    }
    out += '\n';
}

void entry(std::string& out, const std::string& name, const std::string& text) {
    out += "  " + name;
    std::size_t at = 2 + name.size();
    if (at + 2 > text_column) {
        out += '\n';
        at = 0;
    }
    out += std::string(text_column - at, ' ');
    wrap(out, text_column, text, text_column);
}

}  // namespace

std::string Settings::help() const {
    const auto& impl = *impl_;
    std::string out = "Usage: " + impl.program + (impl.options.empty() ? "" : " [OPTION...]");
    if (impl.positional)
        out += impl.positional->least > 0 ? " " + impl.positional->name : " [" + impl.positional->name + "]";
    out += "\n\n";
    wrap(out, 0, impl.description, 0);
    if (impl.positional) {
        out += '\n';
        entry(out, impl.positional->name, impl.positional->help);
    }
    std::optional<std::string> group;
    for (const auto& option : impl.options) {
        if (group != option.group) out += "\n" + (option.group.empty() ? "Options" : option.group) + ":\n";
        group = option.group;
        std::string notes;
        if (!option.default_text.empty()) notes += "default: " + option.default_text;
        if (!option.env.empty()) notes += (notes.empty() ? "" : "; ") + ("env: " + option.env);
        const std::string name = (option.short_flag.empty() ? "" : option.short_flag + ", ") + option.flag +
                                 (option.is_switch() ? "" : " " + option.placeholder);
        entry(out, name, option.help + (notes.empty() ? "" : " [" + notes + "]"));
    }
    if (!impl.secrets.empty()) out += "\nSecrets, from the environment or from the file that NAME_FILE names:\n";
    for (const auto& secret : impl.secrets) entry(out, secret.env, secret.help);
    out += "\nGeneral:\n";
    entry(out, "--config FILE",
          "reads settings from a TOML file, by the names above without the dashes; flags and the "
          "environment go first [env: NEARLINE_CONFIG]");
    entry(out, "-h, --help", "shows this text");
    entry(out, "--version", "shows the version");
    return out;
}

}  // namespace nearline
