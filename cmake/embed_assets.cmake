# Turns the files of a folder into one C++ source; server/page/ calls it when it is built:
#   cmake -DFOLDER=... -DOUT=... -P embed_assets.cmake

include(${CMAKE_CURRENT_LIST_DIR}/embed_bytes.cmake)

set(types
  .html "text/html\; charset=utf-8"
  .css "text/css\; charset=utf-8"
  .js "text/javascript\; charset=utf-8"
  .svg "image/svg+xml" .json "application/json" .webmanifest "application/manifest+json")

file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*.html ${FOLDER}/*.css ${FOLDER}/*.js ${FOLDER}/*.svg)
list(SORT files)
set(arrays "")
set(rows "")
set(index 0)
foreach(file ${files})
  embed_bytes(${FOLDER}/${file} bytes)
  get_filename_component(extension ${file} LAST_EXT)
  list(FIND types ${extension} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "No content type for ${file}: add it to cmake/embed_assets.cmake")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  string(APPEND arrays "constexpr unsigned char asset_${index}[] = {\n${bytes}0x00};\n")
  set(path ${file})
  if(file STREQUAL "index.html")
    set(path "")
  endif()
  set(asset asset_${index})
  string(APPEND rows "    {\"${path}\", \"${type}\", text(${asset}, sizeof(${asset}) - 1)},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "// Made by cmake/embed_assets.cmake.
#include <array>

#include \"server/page/assets.h\"

namespace parley::server {

namespace {

${arrays}
std::string_view text(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

const std::array<Asset, ${index}> assets = {{
${rows}}};

}  // namespace

std::span<const Asset> page_assets() { return assets; }

}  // namespace parley::server
")
