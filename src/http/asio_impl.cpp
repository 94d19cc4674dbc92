// The one place where Asio and Beast are compiled; everywhere else they are declarations
// (BOOST_ASIO_SEPARATE_COMPILATION, BOOST_BEAST_SEPARATE_COMPILATION in cmake/Compiler.cmake).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
