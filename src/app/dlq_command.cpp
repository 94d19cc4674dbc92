#include "admin/letter_query.hpp"
#include "app/admin_access.hpp"
#include "app/commands.hpp"
#include "app/process.hpp"
#include "cli/dead_letters.hpp"

namespace nearline::app {

namespace {

constexpr auto name = "nearline dlq";
constexpr int most_letters = 999'999;
constexpr auto about_topics = "such as input-topic.prediction.dlq, or its role alone: prediction";

/// What the flags say, for the API.
struct Selection {
    std::optional<std::string> from;
    std::optional<std::string> to;
    std::optional<std::string> class_name;
    std::optional<std::string> stage;
    std::optional<std::string> reason;
    std::vector<std::string> offsets;
    std::vector<std::string> states;
    bool again = false;
    bool returned = false;
    bool dry_run = false;

    std::map<std::string, std::string> query() const {
        std::map<std::string, std::string> query;
        const auto add = [&](const char* parameter, const std::optional<std::string>& value) {
            if (value) query[parameter] = *value;
        };
        const auto add_list = [&](const char* parameter, const std::vector<std::string>& values) {
            for (const auto& value : values) query[parameter] += (query[parameter].empty() ? "" : ",") + value;
        };
        add("from", from);
        add("to", to);
        add("class", class_name);
        add("stage", stage);
        add("reason", reason);
        add_list("offsets", offsets);
        add_list("state", states);
        if (again) query["again"] = "true";
        if (returned) query["returned"] = "true";
        if (dry_run) query["dry_run"] = "true";
        return query;
    }
};

void declare_selection(Settings& settings, Selection& selection, int& limit) {
    const auto check_time = [](const std::string& text) {
        return admin::parse_time(text, WallTime()) ? ""
                                                   : "must be a time in UTC, 2026-11-25T11:00:00Z, or so long ago, 2h";
    };
    settings.group("Which letters");
    settings.add("--from TIME", "", selection.from, "since then: 2026-11-25, 2026-11-25T11:00:00Z, 2h (ago); UTC",
                 check_time);
    settings.add("--to TIME", "", selection.to, "before then", check_time);
    settings.add("--class NAME", "", selection.class_name, "with this kind of failure, such as SchemaViolation");
    settings.add("--stage NAME", "", selection.stage, "that came so far: frame, schema, json, validation, model, ...");
    settings.add("--reason TEXT", "", selection.reason, "whose reason has this text in it");
    settings.add("--offsets PLACES", "", selection.offsets,
                 "at these places: partition:offset or partition:first-last");
    settings.add("--limit", "", limit, "no more than so many, by partition and offset; 0: all", {0, most_letters});
}

/// What the API would refuse is said before it is asked.
std::vector<std::string> wrong_selection(admin::LetterCall call, const Selection& selection) {
    std::vector<std::string> wrong;
    const auto query = admin::parse_letter_query(call, selection.query(), WallTime());
    if (query) return wrong;
    for (const auto& [pointer, detail] : query.error().errors)
        wrong.push_back("--" + pointer.substr(1) + ": " + detail);
    return wrong;
}

void declare_states(Settings& settings, Selection& selection, const std::string& otherwise) {
    settings.add(
        "--state NAMES", "", selection.states,
        "in these states: waiting, returned (came back after a replay), replayed, stub (too large to have come "
        "along whole), dropped; without it " +
            otherwise);
}

int list(int argc, const char* const* argv) {
    AdminAccess access;
    Selection selection;
    cli::LetterOptions options;
    Settings settings("nearline dlq list", "Lists dead letters: what each is, why it is one, what was done about it.");
    settings.positional("TOPIC", options.topics, std::string(about_topics) + "; without one: all", 0, 100);
    declare_selection(settings, selection, options.limit);
    declare_states(settings, selection, "all but dropped");
    settings.add("--json", "", options.json, "JSON lines in place of a table");
    settings.check([&] { return wrong_selection(admin::LetterCall::list, selection); });
    if (const auto code = load(settings, access, argc, argv)) return *code;
    options.query = selection.query();
    return with_api(access, name, [&](const auto& api) { return cli::list_letters(api, options); });
}

int show(int argc, const char* const* argv) {
    AdminAccess access;
    std::vector<std::string> letter;
    bool json = false;
    Settings settings("nearline dlq show",
                      "Shows one dead letter whole: headers, reason, and its value as JSON where it is that in "
                      "Confluent's frame, in hex otherwise. TOPIC and PARTITION:OFFSET are as `list` has them.");
    settings.positional("TOPIC PARTITION:OFFSET", letter, about_topics, 2, 2);
    settings.group("Output");
    settings.add("--json", "", json, "as JSON");
    settings.check([&]() -> std::vector<std::string> {
        if (letter.size() < 2 || admin::parse_cursor(letter[1]).value_or(admin::Cursor()).size() == 1) return {};
        return {"\"" + letter[1] + "\" is no place: PARTITION:OFFSET, such as 0:12"};
    });
    if (const auto code = load(settings, access, argc, argv)) return *code;
    return with_api(access, name, [&](const auto& api) { return cli::show_letter(api, letter[0], letter[1], json); });
}

int replay(int argc, const char* const* argv) {
    AdminAccess access;
    Selection selection;
    cli::LetterOptions options;
    Settings settings(
        "nearline dlq replay",
        "Writes dead letters as the records they were to the retry topic, which their role alone reads. "
        "Letters that come while it runs are left for the next time. It can be ended, or killed, and run "
        "again: no letter is replayed twice. One that can't be processed again comes back as a new letter.");
    settings.positional("TOPIC", options.topics, about_topics, 1, 1);
    declare_selection(settings, selection, options.limit);
    settings.add("--returned", "", selection.returned, "also those that came back after a replay");
    settings.add("--again", "", selection.again, "also those that were replayed before; once more each time it is run");
    settings.add("--dry-run", "", selection.dry_run, "only says what it would do");
    settings.check([&] { return wrong_selection(admin::LetterCall::replay, selection); });
    if (const auto code = load(settings, access, argc, argv)) return *code;
    options.query = selection.query();
    return with_api(access, name, [&](const auto& api) { return cli::replay_letters(api, options); });
}

int drop(int argc, const char* const* argv) {
    AdminAccess access;
    Selection selection;
    cli::LetterOptions options;
    bool all = false;
    Settings settings("nearline dlq drop",
                      "Removes dead letters for good: they are marked, and shown and replayed no more. A log can only "
                      "be cut at its start, so their bytes leave the disk once nothing that is left lies before them "
                      "in their partition, or with the topic's retention.");
    settings.positional("TOPIC", options.topics, about_topics, 1, 1);
    declare_selection(settings, selection, options.limit);
    declare_states(settings, selection, "any");
    settings.add("--all", "", all, "all there are: needed where nothing else selects");
    settings.add("--dry-run", "", selection.dry_run, "only says what it would do");
    settings.check([&] {
        auto wrong = wrong_selection(admin::LetterCall::drop, selection);
        auto query = selection.query();
        query.erase("dry_run");
        if (!all && query.empty() && options.limit == 0)
            wrong.emplace_back("--all: is missing, and nothing says which letters are to be dropped");
        return wrong;
    });
    if (const auto code = load(settings, access, argc, argv)) return *code;
    options.query = selection.query();
    return with_api(access, name, [&](const auto& api) { return cli::drop_letters(api, options); });
}

}  // namespace

int dead_letters(int argc, const char* const* argv) {
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "list") return list(argc - 1, argv + 1);
    if (action == "show") return show(argc - 1, argv + 1);
    if (action == "replay") return replay(argc - 1, argv + 1);
    if (action == "drop") return drop(argc - 1, argv + 1);
    return show_usage(
        name, action,
        "Usage: nearline dlq list [TOPIC...]\n"
        "       nearline dlq show TOPIC PARTITION:OFFSET\n"
        "       nearline dlq replay [--dry-run] TOPIC\n"
        "       nearline dlq drop [--dry-run] TOPIC\n\n"
        "What could not be processed, and what to do about it; by time, reason and place. TOPIC is such as\n"
        "input-topic.prediction.dlq, or its role alone: prediction, archive, notification. Asks the running\n"
        "`nearline up` of the data folder (./data, --data), another server (--admin-url), or Kafka\n"
        "(--stream kafka://host:port). `nearline dlq list --help` has more.\n");
}

}  // namespace nearline::app
