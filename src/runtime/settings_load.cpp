#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "runtime/setting_values.hpp"
#include "runtime/settings.hpp"
#include "runtime/settings_file.hpp"
#include "runtime/settings_impl.hpp"
#include "runtime/version.hpp"

namespace nearline {

namespace values = setting_values;

namespace {

using Errors = std::vector<std::string>;

/// The values of one setting, and where they came from.
struct Given {
    std::vector<std::string> values;
    std::string place;  ///< for people
    Settings::Source source = Settings::Source::none;
};

/// The command line, taken apart.
struct Arguments {
    std::map<std::string, Given> flags;  // by long flag
    std::vector<std::string> rest;
    std::optional<std::string> config;
    bool help = false;
    bool version = false;
};

/// What the environment says; an empty variable counts as none, as deployment tools can't unset one.
std::optional<std::string> environment(const std::string& name) {
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::string in_quotes(const std::string& text) {
    return "\"" + text + "\"";
}

std::string did_you_mean(const std::string& given, const std::vector<std::string>& known) {
    const auto guess = values::closest(given, known);
    return guess.empty() ? "" : "; did you mean " + guess + "?";
}

}  // namespace

/// One run of Settings::load().
class SettingsLoader {
public:
    explicit SettingsLoader(Settings::Impl& impl) : impl_(impl) {}

    void read_arguments(int argc, const char* const* argv) {
        const std::vector<std::string> all(argv + std::min(argc, 1), argv + argc);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto& argument = all[i];
            if (argument == "--") {
                arguments.rest.insert(arguments.rest.end(), all.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                      all.end());
                return;
            }
            if (argument.size() < 2 || argument[0] != '-') {
                arguments.rest.push_back(argument);
            } else {
                read_flag(all, i);
            }
        }
    }

    void read_file() {
        auto path = arguments.config;
        if (!path) path = environment("NEARLINE_CONFIG");
        if (!path) return;
        try {
            for (const auto& entry : read_settings_file(*path)) take(entry);
        } catch (const std::exception& e) {
            errors.emplace_back(e.what());
        }
    }

    void store() {
        for (auto& option : impl_.options) {
            const auto given = find(option);
            if (!given) continue;
            option.source = given->source;
            const auto wrong = option.store(given->values);
            if (!wrong.empty())
                errors.push_back(option.flag + " " + shown(*given) + ": " + wrong + " (" + given->place + ")");
        }
        for (const auto& secret : impl_.secrets) read_secret(secret);
        take_positionals();
        for (const auto& check : impl_.checks) {
            const auto wrong = check();
            errors.insert(errors.end(), wrong.begin(), wrong.end());
        }
    }

    Arguments arguments;
    Errors errors;

private:
    void read_flag(const std::vector<std::string>& all, std::size_t& i) {
        std::string name = all[i];
        std::optional<std::string> value;
        const bool is_long = name.starts_with("--");
        const auto equals = is_long ? name.find('=') : std::string::npos;
        if (equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        } else if (!is_long && name.size() > 2) {  // -n5
            value = name.substr(2);
            name.resize(2);
        }
        if (name == "--help" || name == "-h") {
            arguments.help = true;
        } else if (name == "--version") {
            arguments.version = true;
        } else if (auto* option = impl_.find(name); option != nullptr) {
            take_value(*option, value ? value : next_value(option->is_switch(), all, i));
        } else if (name == "--config") {
            arguments.config = value ? value : next_value(false, all, i);
            if (!arguments.config) errors.push_back("--config: needs the path of a file");
        } else {
            unknown_flag(name);
            // What follows was meant as its value: one mistake, one message.
            if (!value && !impl_.positional && i + 1 < all.size() && !all[i + 1].starts_with('-')) ++i;
        }
    }

    std::optional<std::string> next_value(bool is_switch, const std::vector<std::string>& all, std::size_t& i) {
        if (is_switch) return "true";
        // A value that looks like one of the flags is a value forgotten.
        if (i + 1 >= all.size() || impl_.find(all[i + 1].substr(0, all[i + 1].find('='))) != nullptr)
            return std::nullopt;
        return all[++i];
    }

    void take_value(const Settings::Impl::Option& option, const std::optional<std::string>& value) {
        if (!value) {
            errors.push_back(option.flag + ": needs a value (" + option.placeholder + ")");
            return;
        }
        auto& given = arguments.flags[option.flag];
        given.place = "command line";
        given.source = Settings::Source::command_line;
        if (!option.is_list) given.values.clear();
        for (auto& part : parts(option, *value)) given.values.push_back(std::move(part));
    }

    void unknown_flag(const std::string& name) {
        for (const auto& secret : impl_.secrets) {
            std::string as_flag = "--" + secret.env;
            std::transform(as_flag.begin(), as_flag.end(), as_flag.begin(),
                           [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
            if (name != as_flag) continue;
            errors.push_back(name +
                             ": secrets are not taken from the command line, where every user of the machine sees "
                             "them; set " +
                             secret.env + " or " + secret.env + "_FILE in the environment");
            return;
        }
        errors.push_back(name + ": there is no such flag" + did_you_mean(name, impl_.flags()));
    }

    void take(const FileEntry& entry) {
        const auto* option = impl_.find("--" + entry.key);
        if (!entry.problem.empty()) {
            errors.push_back(entry.key + ": " + entry.problem + " (" + entry.place + ")");
        } else if (option == nullptr) {
            std::vector<std::string> keys;
            for (const auto& known : impl_.options) keys.push_back(known.key());
            errors.push_back(entry.key + ": there is no such setting" + did_you_mean(entry.key, keys) + " (" +
                             entry.place + ")");
        } else if (entry.values.size() != 1 && !option->is_list) {
            errors.push_back(entry.key + ": must be one value, not a list (" + entry.place + ")");
        } else {
            file_[option->flag] = {entry.values, entry.place, Settings::Source::file};
        }
    }

    std::optional<Given> find(const Settings::Impl::Option& option) {
        if (const auto flag = arguments.flags.find(option.flag); flag != arguments.flags.end()) return flag->second;
        if (const auto value = environment(option.env)) {
            return Given{parts(option, *value), "environment variable " + option.env, Settings::Source::environment};
        }
        if (const auto entry = file_.find(option.flag); entry != file_.end()) return entry->second;
        return std::nullopt;
    }

    static std::vector<std::string> parts(const Settings::Impl::Option& option, const std::string& value) {
        return option.is_list ? values::split_list(value) : std::vector<std::string>{value};
    }

    static std::string shown(const Given& given) {
        std::string text;
        for (const auto& value : given.values) text += (text.empty() ? "" : ",") + value;
        return in_quotes(text);
    }

    void read_secret(const Settings::Impl::Secret& secret) {
        const auto value = environment(secret.env);
        const auto file = environment(secret.env + "_FILE");
        if (value && file) {
            errors.push_back(secret.env + ": is set, and so is " + secret.env + "_FILE: set one of them");
            return;
        }
        std::string source = "environment variable " + secret.env;
        std::string text = value.value_or("");
        if (file) {
            source = "file " + *file;
            std::ifstream stream(*file, std::ios::binary);
            text.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
            if (!stream || text.empty()) {
                errors.push_back(secret.env + "_FILE: " + *file + (stream ? " is empty" : " can't be read"));
                return;
            }
            if (text.ends_with('\n')) text.pop_back();
            if (text.ends_with('\r')) text.pop_back();
        }
        if (!value && !file) return;
        const auto wrong = secret.check ? secret.check(text) : "";
        // The value itself is not shown: logs are read by many.
        if (!wrong.empty()) errors.push_back(secret.env + ": " + wrong + " (" + source + ")");
        *secret.target = std::move(text);
    }

    void take_positionals() {
        const auto& positional = impl_.positional;
        const std::size_t most = positional ? positional->most : 0;
        for (std::size_t i = most; i < arguments.rest.size(); ++i) {
            errors.push_back(in_quotes(arguments.rest[i]) + ": is one argument too many");
        }
        if (!positional) return;
        if (arguments.rest.size() < positional->least) errors.push_back(positional->name + ": is missing");
        *positional->target = arguments.rest;
    }

    Settings::Impl& impl_;
    std::map<std::string, Given> file_;
};

std::optional<int> Settings::load(int argc, const char* const* argv) {
    SettingsLoader loader(*impl_);
    loader.read_arguments(argc, argv);
    if (loader.arguments.help) {
        std::cout << help();
        return 0;
    }
    if (loader.arguments.version) {
        std::cout << impl_->program << ' ' << version() << '\n';
        return 0;
    }
    loader.read_file();
    loader.store();
    if (loader.errors.empty()) return std::nullopt;
    std::cerr << impl_->program << ": " << loader.errors.size() << (loader.errors.size() == 1 ? " error" : " errors")
              << " in the configuration:\n";
    for (const auto& error : loader.errors) std::cerr << "  " << error << '\n';
    std::cerr << "See " << impl_->program << " --help.\n";
    return 2;
}

}  // namespace nearline
