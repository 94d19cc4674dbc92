#include "runtime/settings.hpp"

#include "domain/whole_number.hpp"
#include "runtime/setting_values.hpp"
#include "runtime/settings_impl.hpp"

namespace nearline {

namespace values = setting_values;

namespace {

std::string outside(const Settings::Range& range, double value, std::string (*format)(double)) {
    if (value >= range.least && value <= range.most) return "";
    return "must be between " + format(range.least) + " and " + format(range.most);
}

std::string format_whole(double value) {
    return std::to_string(static_cast<std::int64_t>(value));
}

std::string format_milliseconds(double value) {
    return values::format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(value)));
}

std::string format_bytes(double value) {
    return values::format_size(static_cast<std::uint64_t>(value));
}

std::string join(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
}

std::string run(const Settings::Check& check, const std::string& value) {
    return check ? check(value) : "";
}

}  // namespace

Settings::Settings(std::string program, std::string description) : impl_(std::make_unique<Impl>()) {
    impl_->program = std::move(program);
    impl_->description = std::move(description);
}

Settings::~Settings() = default;

Settings::Impl::Option* Settings::Impl::find(std::string_view flag) {
    for (auto& option : options) {
        if (option.flag == flag || (!option.short_flag.empty() && option.short_flag == flag)) return &option;
    }
    return nullptr;
}

std::vector<std::string> Settings::Impl::flags() const {
    std::vector<std::string> names{"--config", "--help", "--version"};
    for (const auto& option : options) names.push_back(option.flag);
    return names;
}

Settings::Impl::Option& Settings::Impl::declare(const std::string& names, const std::string& env,
                                                const std::string& help, const std::string& placeholder,
                                                std::string default_text) {
    Option option;
    option.group = group;
    option.placeholder = placeholder;
    const auto space = names.find(' ');
    if (space != std::string::npos) option.placeholder = names.substr(space + 1);
    option.flag = names.substr(0, space);
    const auto comma = option.flag.find(',');
    if (comma != std::string::npos) {
        option.short_flag = option.flag.substr(0, comma);
        option.flag = option.flag.substr(comma + 1);
    }
    option.env = env;
    option.help = help;
    option.default_text = std::move(default_text);
    return options.emplace_back(std::move(option));
}

void Settings::group(std::string heading) {
    impl_->group = std::move(heading);
}

void Settings::add(const std::string& flag, const std::string& env, std::string& target, const std::string& help,
                   Check check) {
    auto& option = impl_->declare(flag, env, help, "TEXT", target);
    option.store = [&target, check = std::move(check)](const auto& given) {
        auto wrong = run(check, given.back());
        if (wrong.empty()) target = given.back();
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, std::optional<std::string>& target,
                   const std::string& help, Check check) {
    auto& option = impl_->declare(flag, env, help, "TEXT", target.value_or(""));
    option.store = [&target, check = std::move(check)](const auto& given) {
        auto wrong = run(check, given.back());
        if (wrong.empty()) target = given.back();
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, int& target, const std::string& help, Range range) {
    auto& option = impl_->declare(flag, env, help, "N", std::to_string(target));
    option.store = [&target, range](const auto& given) -> std::string {
        const auto value = parse_whole_number<int>(given.back());
        if (!value) return "must be a whole number";
        auto wrong = outside(range, *value, format_whole);
        if (wrong.empty()) target = *value;
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, std::size_t& count, const std::string& help,
                   Range range) {
    auto& option = impl_->declare(flag, env, help, "N", std::to_string(count));
    option.store = [&count, range](const auto& given) -> std::string {
        const auto value = parse_whole_number<int>(given.back());
        if (!value) return "must be a whole number";
        auto wrong = outside(range, *value, format_whole);
        if (wrong.empty()) count = static_cast<std::size_t>(*value);
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, double& target, const std::string& help,
                   Range range) {
    auto& option = impl_->declare(flag, env, help, "NUMBER", values::format_number(target));
    option.store = [&target, range](const auto& given) -> std::string {
        const auto value = values::parse_number(given.back());
        if (!value) return "must be a number";
        auto wrong = outside(range, *value, values::format_number);
        if (wrong.empty()) target = *value;
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, std::chrono::milliseconds& target,
                   const std::string& help, Range milliseconds) {
    auto& option = impl_->declare(flag, env, help, "DURATION", values::format_duration(target));
    option.store = [&target, milliseconds](const auto& given) -> std::string {
        const auto value = values::parse_duration(given.back());
        if (!value) return "must be a duration such as 500ms, 5s, 2m, 1h or 7d";
        auto wrong = outside(milliseconds, static_cast<double>(value->count()), format_milliseconds);
        if (wrong.empty()) target = *value;
        return wrong;
    };
}

void Settings::add_size(const std::string& flag, const std::string& env, std::size_t& bytes, const std::string& help,
                        Range range) {
    auto& option = impl_->declare(flag, env, help, "SIZE", values::format_size(bytes));
    option.store = [&bytes, range](const auto& given) -> std::string {
        const auto value = values::parse_size(given.back());
        if (!value) return "must be a size such as 65536, 64KiB or 16MiB";
        auto wrong = outside(range, static_cast<double>(*value), format_bytes);
        if (wrong.empty()) bytes = *value;
        return wrong;
    };
}

void Settings::add(const std::string& flag, const std::string& env, bool& target, const std::string& help) {
    auto& option = impl_->declare(flag, env, help, "", target ? "true" : "");
    option.store = [&target](const auto& given) -> std::string {
        const auto value = values::parse_switch(given.back());
        if (!value) return "must be true or false";
        target = *value;
        return "";
    };
}

void Settings::add(const std::string& flag, const std::string& env, std::vector<std::string>& target,
                   const std::string& help, Check check_each) {
    auto& option = impl_->declare(flag, env, help, "LIST", join(target));
    option.is_list = true;
    option.store = [&target, check = std::move(check_each)](const auto& given) -> std::string {
        for (const auto& value : given) {
            auto wrong = run(check, value);
            if (!wrong.empty()) return given.size() > 1 ? "\"" + value + "\" " + wrong : wrong;
        }
        target = given;
        return "";
    };
}

void Settings::secret(const std::string& env, std::optional<std::string>& target, const std::string& help,
                      Check check) {
    impl_->secrets.push_back({env, help, &target, std::move(check)});
}

void Settings::positional(const std::string& name, std::vector<std::string>& target, const std::string& help,
                          std::size_t least, std::size_t most) {
    impl_->positional = {name, help, &target, least, most};
}

void Settings::check(std::function<std::vector<std::string>()> check) {
    impl_->checks.push_back(std::move(check));
}

Settings::Source Settings::source(const std::string& flag) const {
    const auto* option = impl_->find(flag);
    return option == nullptr ? Source::none : option->source;
}

}  // namespace nearline
