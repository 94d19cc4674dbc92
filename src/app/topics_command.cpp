#include "app/admin_access.hpp"
#include "app/commands.hpp"
#include "app/process.hpp"
#include "cli/topics.hpp"

namespace nearline::app {

namespace {

constexpr auto name = "nearline topics";

int list(int argc, const char* const* argv) {
    AdminAccess options;
    Settings settings("nearline topics list", "Lists topics: of a running server, or of Kafka (--stream).");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    return with_api(options, name, [](const auto& api) { return cli::list_topics(api.get); });
}

int tail(int argc, const char* const* argv) {
    AdminAccess options;
    Settings settings(
        "nearline topics tail",
        "Shows records of a topic as JSON lines, the newest last: partition, offset, timestamp, key, headers, schema "
        "id, value. Of a running server, or of Kafka (--stream).");
    std::vector<std::string> topics;
    cli::TailOptions tail;
    settings.positional("TOPIC", topics, "such as input-topic or output-topic", 1, 1);
    settings.group("Records");
    settings.add("-n,--lines", "", tail.last, "the newest so many", {0, 1'000});
    settings.add("--follow", "", tail.follow, "goes on with what comes, until Ctrl-C");
    settings.add("--from-beginning", "", tail.from_beginning, "all there is");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    tail.topic = topics[0];
    return with_api(options, name, [&](const auto& api) { return cli::tail_topic(api.get, tail); });
}

}  // namespace

int topics(int argc, const char* const* argv) {
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "list") return list(argc - 1, argv + 1);
    if (action == "tail") return tail(argc - 1, argv + 1);
    return show_usage(name, action,
                      "Usage: nearline topics list\n"
                      "       nearline topics tail [-n N] [--follow] [--from-beginning] TOPIC\n\n"
                      "Asks the running `nearline up` of the data folder (./data, --data), another server "
                      "(--admin-url), or Kafka\n(--stream kafka://host:port). `nearline topics tail --help` has "
                      "more.\n");
}

}  // namespace nearline::app
