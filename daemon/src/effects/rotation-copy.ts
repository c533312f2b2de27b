/** Copies between open files in pieces, so that neither the event loop nor the memory notices. */
import type { FileHandle } from 'node:fs/promises';

const PIECE = 1024 * 1024;

export interface Piece {
  readonly from: number;
  readonly to: number;
  /** Where in the target it goes. */
  readonly at: number;
}

/** @returns how much was copied: less than asked for where the source was truncated meanwhile */
export async function copyBytes(source: FileHandle, target: FileHandle, { from, to, at }: Piece): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, to - from));
  let copied = 0;
  while (from + copied < to) {
    const wanted = Math.min(PIECE, to - from - copied);
    const { bytesRead } = await source.read(buffer, 0, wanted, from + copied);
    if (bytesRead === 0) break;
    await writeAll(target, buffer.subarray(0, bytesRead), at + copied);
    copied += bytesRead;
  }
  return copied;
}

async function writeAll(target: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await target.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}

/** The first bytes from a position on. */
export async function readSome(source: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await source.read(buffer, 0, length, from);
  return buffer.subarray(0, bytesRead);
}

export const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
