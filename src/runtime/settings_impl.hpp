#pragma once

#include "runtime/settings.hpp"

/// How Settings keeps what was declared. For settings*.cpp only.
namespace nearline {

struct Settings::Impl {
    struct Option {
        std::string group;
        std::string flag;         ///< --partitions
        std::string short_flag;   ///< -n, or ""
        std::string placeholder;  ///< N; empty for a switch
        std::string env;          ///< "" for none
        std::string help;
        std::string default_text;  ///< "" for none
        bool is_list = false;
        /// Stores the values; gives what is wrong with them, or "".
        std::function<std::string(const std::vector<std::string>&)> store;
        Source source = Source::none;

        bool is_switch() const { return placeholder.empty(); }
        std::string key() const { return flag.substr(2); }
    };
    struct Secret {
        std::string env;
        std::string help;
        std::optional<std::string>* target;
        Check check;
    };
    struct Positional {
        std::string name;
        std::string help;
        std::vector<std::string>* target;
        std::size_t least;
        std::size_t most;
    };

    std::string program;
    std::string description;
    std::string group;
    std::vector<Option> options;
    std::vector<Secret> secrets;
    std::optional<Positional> positional;
    std::vector<std::function<std::vector<std::string>()>> checks;
    std::optional<std::string> config;

    Option* find(std::string_view flag);
    std::vector<std::string> flags() const;
    /// `names`: "--flag", "-f,--flag", each with " PLACEHOLDER" behind it or not.
    Option& declare(const std::string& names, const std::string& env, const std::string& help,
                    const std::string& placeholder, std::string default_text);
};

}  // namespace nearline
