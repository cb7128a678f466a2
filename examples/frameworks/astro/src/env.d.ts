declare namespace App {
  interface Locals {
    session: import('edge-session').SessionOf<typeof import('./sessions').sessions>
  }
}
