import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

const near = new BlockList();
near.addSubnet('10.0.0.0', 8);
near.addSubnet('172.16.0.0', 12);
near.addSubnet('192.168.0.0', 16);
near.addSubnet('169.254.0.0', 16);

/** An address of a local network: nobody else is dialled, and nobody else is let in. */
export const isNear = (address: string): boolean => isIPv4(address) && near.check(address);

/** Networks that are looked through at most: machines with many containers have one for each. */
export const mostAddresses = 4;

/** This machine's own on local networks. */
export function nearAddresses(): string[] {
  const found: string[] = [];
  for (const of of Object.values(networkInterfaces()))
    for (const { address, internal } of of ?? []) if (!internal && isNear(address)) found.push(address);
  return found.slice(0, mostAddresses);
}
