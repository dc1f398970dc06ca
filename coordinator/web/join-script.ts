// The POSIX shell script of join material. What it does, in order: find the architecture, fetch the
// agent over TLS that only the fleet CA vouches for, compare its SHA-256, and only then write
// anything; run twice it changes nothing. The token goes from here-document to file, never into argv.
// All of it is one function that the last line calls: half a script, as a pipe may give it, begins nothing.
// Every file is on the disk before it gets its name, and its name before anything is started: a power
// cut leaves the old file or the whole new one.
import type { JoinMaterialOptions } from './join-material.ts';

export function renderJoinScript(options: JoinMaterialOptions): string {
  const urls = options.addresses.map(
    (address) => `https://${hostPort(address, options.httpsPort)}`,
  );
  const config = {
    coordinators: options.addresses.map((address) => hostPort(address, options.grpcPort)),
    artifacts: urls,
    ...(options.nodeName === null ? {} : { nodeName: options.nodeName }),
  };
  return `#!/bin/sh
# Joins this host to a Muster fleet. Made by \`coordinator join-material\`; run it as root.
# It holds a join token: keep it as secret as the token. MUSTER_ROOT installs below another root.
set -eu
umask 077
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# A script that comes in half, through a pipe or a full disk, is no script: nothing of it is begun.
main() {

urls='${urls.join(' ')}'
sum_amd64='${options.agentSha256.amd64 ?? ''}'
sum_arm64='${options.agentSha256.arm64 ?? ''}'
rounds=\${MUSTER_JOIN_ROUNDS:-60}
root=\${MUSTER_ROOT:-}
etc=$root/etc/muster
binary=$root/usr/local/bin/muster-agent
unit=$root/etc/systemd/system/muster-agent.service
identity=$root/var/lib/muster-agent/identity/identity.json

say() { printf 'muster: %s\\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

[ "$(id -u)" = 0 ] || fail 'run this script as root (sudo sh join.sh)'
for tool in curl sha256sum sync systemctl mktemp cmp; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing on this host: install it and run this script again"
done

case $(uname -m) in
  x86_64 | amd64) arch=amd64 sum=$sum_amd64 ;;
  aarch64 | arm64) arch=arm64 sum=$sum_arm64 ;;
  *) fail "this host is $(uname -m): the agent runs on x86_64 and aarch64" ;;
esac
[ -n "$sum" ] || fail "the coordinator has no agent for $arch: start it with --agent-binary for $arch and make the join material anew"

mkdir -p "$root/usr/local/bin"
work=$(mktemp -d "$root/usr/local/bin/.muster-join.XXXXXX")
new=
trap 'rm -rf "$work"; [ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM

cat >"$work/ca.crt" <<'END_OF_CA'
${options.fleetCaPem.trim()}
END_OF_CA
cat >"$work/agent.json" <<'END_OF_CONFIG'
${JSON.stringify(config, null, 2)}
END_OF_CONFIG
cat >"$work/unit" <<'END_OF_UNIT'
${options.agentUnit.trim()}
END_OF_UNIT

# An empty folder in place of the system's authorities: --cacert alone leaves those trusted on Debian.
mkdir "$work/no-authorities"

# 1. The agent: fetched, then compared, before anything else is touched.
fetch() {
  round=0
  while [ "$round" -lt "$rounds" ]; do
    for url in $urls; do
      if reason=$(curl --silent --show-error --fail --proto '=https' --tlsv1.3 \\
        --cacert "$work/ca.crt" --capath "$work/no-authorities" \\
        --connect-timeout 5 --speed-limit 1024 --speed-time 30 --output "$work/agent" "$url/agent/$arch/muster-agent" 2>&1); then
        seen=$(sum_of "$work/agent")
        [ "$seen" = "$sum" ] && return 0
        rm -f "$work/agent"
        wrong="the agent from $url has sha256 $seen, expected $sum: nothing was installed; make the join material anew, or find out who answers there"
        say "$wrong"
        continue
      fi
      say "no agent from $url yet: $reason"
    done
    [ -z "\${wrong:-}" ] || fail "$wrong"
    round=$((round + 1))
    [ "$round" -ge "$rounds" ] || sleep 2
  done
  fail "the coordinator was not reached at: $urls. Check that it runs (coordinator serve) and that port ${options.httpsPort} is open from here, then run this script again"
}

changed=no
if [ -f "$binary" ] && [ "$(sum_of "$binary")" = "$sum" ]; then
  fetched=no
else
  say "fetching the agent ($arch)"
  fetch
  fetched=yes
fi

# 2. Everything is at hand and right: install.
place() { # from to mode
  new=$2.muster-new
  mv -f "$1" "$new"
  chmod "$3" "$new"
  sync "$new"
  mv -f "$new" "$2"
  new=
  sync "\${2%/*}"
  changed=yes
}
# What an earlier run put there may not be on the disk yet.
keep() { sync "$1"; sync "\${1%/*}"; }
install_file() { # from to mode
  if [ -f "$2" ] && cmp -s "$1" "$2"; then keep "$2"; else place "$1" "$2" "$3"; fi
}
mkdir -p "$etc"
chmod 0755 "$etc"
[ -d "$root/etc/systemd/system" ] || mkdir -p -m 0755 "$root/etc/systemd/system"
sync "$root/etc"
if [ "$fetched" = no ]; then
  keep "$binary"
else
  place "$work/agent" "$binary" 0755
  [ "$(sum_of "$binary")" = "$sum" ] || fail "$binary is not what was fetched: look at the disk of this host, then run this script again"
fi
install_file "$work/ca.crt" "$etc/ca.crt" 0644
install_file "$work/agent.json" "$etc/agent.json" 0644
install_file "$work/unit" "$unit" 0644
if [ ! -f "$identity" ]; then
  cat >"$work/token" <<'END_OF_TOKEN'
${options.token}
END_OF_TOKEN
  install_file "$work/token" "$etc/join-token" 0600
fi

# 3. Start.
if [ "$changed" = no ] && systemctl is-active --quiet muster-agent.service; then
  say 'the agent is installed and runs already: nothing to do'
  exit 0
fi
systemctl daemon-reload
systemctl enable --quiet muster-agent.service
if [ "$changed" = yes ]; then systemctl restart muster-agent.service; else systemctl start muster-agent.service; fi
say 'the agent is installed and started; it joins by itself (journalctl -u muster-agent)'

}

main
`;
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
