# Installs what a folder's package-lock.json says, unless that is there already:
#   cmake -DFOLDER=... -P npm_install.cmake
# With the packages there, no network is needed.

get_filename_component(folder ${FOLDER} ABSOLUTE)
# Two builds at once wait for each other. A file of its own: locking one empties it.
file(LOCK ${folder}/.npm_install.lock GUARD PROCESS TIMEOUT 600)
set(installed ${folder}/node_modules/.installed-lock.json)
# The text, not the date: a checkout touches files without changing them.
file(READ ${folder}/package-lock.json wanted_text)
if(EXISTS ${installed})
  file(READ ${installed} installed_text)
  if(installed_text STREQUAL wanted_text)
    return()
  endif()
endif()

find_program(npm npm)
if(NOT npm)
  message(FATAL_ERROR "npm is missing: ./dev setup installs it")
endif()
# No script of a package has to run, so none may.
execute_process(COMMAND ${npm} ci --prefer-offline --ignore-scripts --no-audit --no-fund
                        --no-update-notifier --loglevel=error
                WORKING_DIRECTORY ${folder} RESULT_VARIABLE code OUTPUT_VARIABLE said
                ERROR_VARIABLE said)
if(NOT code EQUAL 0)
  message(NOTICE "${said}")
  message(FATAL_ERROR "npm could not install what ${FOLDER}/package-lock.json names; it says why "
    "above. It needs a network, or a registry that npm is configured for, this once: later builds "
    "find the packages in ${FOLDER}/node_modules.")
endif()
file(WRITE ${installed} "${wanted_text}")
