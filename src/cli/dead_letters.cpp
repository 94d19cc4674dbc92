#include "cli/dead_letters.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>
#include <set>
#include <stdexcept>

#include "cli/json_text.hpp"
#include "cli/status_line.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "domain/problem.hpp"
#include "runtime/backoff.hpp"

namespace nearline::cli {
namespace {

namespace json = boost::json;
using Query = std::map<std::string, std::string>;

constexpr int page_size = 5'000;
constexpr int most_failures = 6;
const std::string base = "/admin/dead-letters";

std::string cell(const json::object& letter, const std::string& name) {
    return printable(to_cell(letter.at(name)));
}

std::string place_of(const json::object& letter) {
    return to_cell(letter.at("partition")) + ":" + to_cell(letter.at("offset"));
}

std::vector<std::string> all_topics(const AdminApi& api) {
    std::vector<std::string> names;
    const auto answer = api.get(base, {});
    for (const auto& topic : answer.at("topics").as_array()) names.push_back(to_cell(topic.at("topic")));
    return names;
}

/// A topic's own name, or the role that has one topic of dead letters.
std::string topic_of(const AdminApi& api, const std::string& name) {
    std::string list;
    std::vector<std::string> found;
    for (const auto& topic : all_topics(api)) {
        if (topic == name) return name;
        list += (list.empty() ? "" : ", ") + topic;
        if (topic.ends_with("." + name + ".dlq")) found.push_back(topic);
    }
    if (found.size() == 1) return found[0];
    throw std::runtime_error((found.empty() ? "there is no topic of dead letters \"" + name + "\", nor one of that role"
                                            : "there are several topics of dead letters of " + name) +
                             "; those there are: " + (list.empty() ? "none" : list));
}

/// Asks for page after page until there is none, or `done` letters have come up to the limit.
class Pages {
public:
    Pages(AskAdmin ask, std::string path, const LetterOptions& options, bool is_patient)
        : ask_(std::move(ask)),
          path_(std::move(path)),
          query_(options.query),
          left_(options.limit),
          has_limit_(options.limit > 0),
          is_patient_(is_patient) {}

    std::optional<json::value> next() {
        if (is_last_ || (has_limit_ && left_ <= 0)) return std::nullopt;
        query_["limit"] = std::to_string(has_limit_ ? std::min(left_, page_size) : page_size);
        auto answer = ask_patiently();
        query_["cursor"] = to_cell(answer.at("cursor"));
        query_["until"] = to_cell(answer.at("until"));
        is_last_ = answer.at("last").as_bool();
        return answer;
    }
    void count(std::size_t done) { left_ -= static_cast<int>(done); }
    /// Whether the limit left something out.
    bool has_more() const { return !is_last_; }

private:
    json::value ask_patiently() {
        Backoff backoff;
        for (;;) {
            try {
                return ask_(path_, query_);
            } catch (const Unavailable& error) {
                if (!is_patient_ || backoff.failures() + 1 >= most_failures) throw;
                rest_before_next_try("nearline dlq", error, backoff);
            }
        }
    }

    const AskAdmin ask_;
    const std::string path_;
    Query query_;
    int left_;
    const bool has_limit_;
    const bool is_patient_;
    bool is_last_ = false;
};

std::string counted(long count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

using Classes = std::map<std::string, long>;

void add_classes(Classes& sum, const json::value& answer) {
    for (const auto& [name, count] : answer.at("classes").as_object()) sum[name] += count.to_number<long>();
}

/// ": 12 SchemaViolation, 3 NullValue"; nothing where there are none.
std::string list_classes(const Classes& classes) {
    std::string list;
    for (const auto& [name, count] : classes)
        list += (list.empty() ? ": " : ", ") + std::to_string(count) + " " + printable(name);
    return list;
}

/// What happened to the letters of one replay.
struct Replayed {
    long replayed = 0;
    Classes classes;
    std::map<std::string, long> skipped;
    std::vector<std::string> stubs;

    void add(const json::value& answer) {
        replayed += answer.at("replayed").to_number<long>();
        add_classes(classes, answer);
        for (const auto& [why, count] : answer.at("skipped").as_object()) skipped[why] += count.to_number<long>();
        for (const auto& place : answer.at("stubs").as_array()) stubs.push_back(to_cell(place));
    }

    /// What was left out, and why, one line for each kind.
    std::string left_out() const {
        std::string text;
        const auto add = [&](const char* kind, const std::string& why) {
            const auto found = skipped.find(kind);
            if (found != skipped.end() && found->second > 0)
                text += "  " + counted(found->second, "letter") + why + '\n';
        };
        add("replayed", " left out: replayed before (--again replays them once more)");
        add("returned", " left out: came back after a replay (--returned replays them)");
        add("stub", " can't be replayed: too large to have come along whole:");
        for (const auto& place : stubs) text += "    " + place + '\n';
        return text;
    }
};

/// Which classes and stages the topics have: a name may be mistyped.
std::string kinds_there(const AdminApi& api, const std::vector<std::string>& topics, LetterOptions options) {
    if (options.query.erase("class") + options.query.erase("stage") == 0) return "";
    for (const auto* of_replay : {"again", "returned", "dry_run"}) options.query.erase(of_replay);
    options.limit = 0;
    std::set<std::string> classes, stages;
    for (const auto& topic : topics) {
        Pages pages(api.get, base + "/" + topic, options, false);
        while (const auto page = pages.next()) {
            for (const auto& letter : page->at("letters").as_array()) {
                classes.insert(cell(letter.as_object(), "class"));
                stages.insert(cell(letter.as_object(), "stage"));
            }
        }
    }
    const auto list = [](const char* what, const std::set<std::string>& names) {
        std::string text;
        for (const auto& name : names) text += (text.empty() ? what : ", ") + name;
        return text.empty() ? text : text + ".\n";
    };
    return list("Of other classes there are: ", classes) + list("Of other stages there are: ", stages);
}

/// Takes page after page; `take` gives the number of letters that count to the limit. Says how far it is, and at its
/// end, whatever ends it, what was done.
void each_page(Pages pages, const std::function<long(const json::value&)>& take,
               const std::function<std::string()>& done) {
    StatusLine status;
    bool has_begun = false;
    try {
        while (const auto page = pages.next()) {
            has_begun = true;
            pages.count(static_cast<std::size_t>(take(*page)));
            status.show(done());
        }
    } catch (...) {
        status.clear();
        if (has_begun) std::cout << done() << " before that" << std::endl;
        throw;
    }
    status.clear();
    std::cout << done() << '\n';
}

}  // namespace

int list_letters(const AdminApi& api, const LetterOptions& options) {
    std::vector<std::string> topics;
    for (const auto& name : options.topics) topics.push_back(topic_of(api, name));
    if (topics.empty()) topics = all_topics(api);
    std::vector<Row> rows;
    bool has_more = false;
    for (const auto& topic : topics) {
        Pages pages(api.get, base + "/" + topic, options, false);
        while (const auto page = pages.next()) {
            const auto& letters = page->at("letters").as_array();
            pages.count(letters.size());
            for (const auto& each : letters) {
                const auto& letter = each.as_object();
                if (options.json) {
                    std::cout << to_text(each) << '\n';
                } else {
                    rows.push_back({topic, place_of(letter), cell(letter, "time"), cell(letter, "state"),
                                    cell(letter, "class"), cell(letter, "reason")});
                }
            }
        }
        has_more = has_more || pages.has_more();
    }
    if (options.json) return std::cout.flush() ? 0 : 1;
    if (rows.empty()) {
        std::cout << "No dead letters" << (options.query.empty() ? "" : " that are asked for") << ".\n"
                  << kinds_there(api, topics, options);
        return 0;
    }
    const auto count = static_cast<long>(rows.size());
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a[2] < b[2]; });
    rows.insert(rows.begin(), {"TOPIC", "PLACE", "TIME", "STATE", "CLASS", "REASON"});
    print_table(rows);
    std::cout << counted(count, "letter") << (has_more ? ", and there are more (--limit)\n" : "\n");
    return std::cout.flush() ? 0 : 1;
}

int show_letter(const AdminApi& api, const std::string& topic, const std::string& place, bool as_json) {
    const auto colon = place.find(':');
    const auto answer =
        api.get(base + "/" + topic_of(api, topic) + "/" + place.substr(0, colon) + "/" + place.substr(colon + 1), {});
    if (as_json) {
        std::cout << to_text(answer) << '\n';
        return 0;
    }
    const auto& letter = answer.as_object();
    std::vector<Row> rows{{"letter", cell(letter, "topic") + " " + place_of(letter)}};
    for (const auto* name : {"time", "state", "stage", "class", "reason"}) rows.push_back({name, cell(letter, name)});
    if (const auto* origin = letter.at("origin").if_object()) {
        rows.push_back({"record", cell(*origin, "topic") + " " + place_of(*origin)});
    }
    if (!letter.at("key").is_null()) rows.push_back({"key", cell(letter, "key")});
    for (const auto& header : letter.at("headers").as_array()) {
        rows.push_back({"header", cell(header.as_object(), "key") + " = " + cell(header.as_object(), "value")});
    }
    for (const auto* name : {"value_size", "value_sha256", "schema_id", "value", "value_hex", "value_text"}) {
        if (!letter.contains(name)) continue;
        const auto& value = letter.at(name);
        rows.push_back({name, value.is_string() ? cell(letter, name) : printable(to_text(value))});
    }
    print_table(rows);
    return std::cout.flush() ? 0 : 1;
}

int replay_letters(const AdminApi& api, const LetterOptions& options) {
    const auto topic = topic_of(api, options.topics.at(0));
    const std::string done = options.query.contains("dry_run") ? "would replay " : "replayed ";
    Replayed sum;
    each_page(
        Pages(api.post, base + "/" + topic + "/replay", options, !options.query.contains("again")),
        [&](const json::value& page) {
            const auto before = sum.replayed;
            sum.add(page);
            return sum.replayed - before;
        },
        [&] { return done + counted(sum.replayed, "letter") + " of " + topic + list_classes(sum.classes); });
    std::cout << sum.left_out();
    if (sum.replayed == 0) std::cout << kinds_there(api, {topic}, options);
    return std::cout.flush() ? 0 : 1;
}

int drop_letters(const AdminApi& api, const LetterOptions& options) {
    const auto topic = topic_of(api, options.topics.at(0));
    const std::string done = options.query.contains("dry_run") ? "would drop " : "dropped ";
    long dropped = 0;
    Classes classes;
    each_page(
        Pages(api.post, base + "/" + topic + "/drop", options, true),
        [&](const json::value& page) {
            const auto count = page.at("dropped").to_number<long>();
            dropped += count;
            add_classes(classes, page);
            return count;
        },
        [&] { return done + counted(dropped, "letter") + " of " + topic + list_classes(classes); });
    if (dropped == 0) std::cout << kinds_there(api, {topic}, options);
    return std::cout.flush() ? 0 : 1;
}

}  // namespace nearline::cli
