#include "app/archive_part.hpp"
#include "app/folder_locks.hpp"
#include "app/topic_service.hpp"

namespace nearline::app {
namespace {

struct Options {
    TopicServiceOptions service;
    ArchiveOptions archive;
};

int serve(const Options& options) {
    FolderLocks locks;
    locks.hold_file(options.archive.archive);
    TopicService service(options.service, "nearline-archive");
    ArchivePart archive(service.process, service.ready, options.archive, options.service.topics, service.stream_name,
                        *service.stream, *service.registry);
    return service.run(archive);
}

int main(int argc, const char* const* argv) {
    Options options;
    options.archive.archive = "mongodb://localhost:27017/nearline";
    Settings settings("archive-svc",
                      "Brings predictions from the output topic into a database, each once. Part of Nearline; any "
                      "number of them share the work.");
    declare(settings, options.archive, ArchiveRole::writer);
    declare(settings, options.service, "NEARLINE_ARCHIVE_PORT", 9102);
    return load_and_serve(settings, argc, argv, options.service.process, [&] { return serve(options); });
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("archive-svc", [&] { return nearline::app::main(argc, argv); });
}
